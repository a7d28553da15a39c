//! The least that an axum server can do: the limit against which `benches/server` measures.

use axum::Router;
use axum::routing::get;

#[tokio::main]
async fn main() {
    let router = Router::new().route("/", get(|| async { "Hello, World!" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", listener.local_addr().expect("an address"));
    axum::serve(listener, router).await.expect("it serves");
}
