//! The description of this interface in OpenAPI 3.1, out of the handlers: at `/api/openapi.json` for programs, at `/docs` for
//! people. What answers have in common is added here once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, Header, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoParams, Modify, OpenApi as _, ToSchema, schema};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::auth::COOKIE;
use super::error::no_such_route;
use super::etag::with_etag;
use super::routes::picture::PictureFormat;
use super::routes::{
    account, cache, dashboard, health, jwks, link, pass, profile, public, qr_code, scan, session, signed_file, tenant,
};
use crate::public_profile::TokenForm;
use crate::rate_limit::Tier;

/// Where programs find it.
pub(super) const PATH: &str = "/api/openapi.json";

/// Where people do.
pub(super) const PAGE: &str = "/docs";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Sealcard",
        description = "Signed profiles in QR codes, verified offline: this server signs them.\n\n\
            Errors are `application/problem+json` (RFC 9457) with a stable `code`. Every answer bears `X-Request-Id`; those that \
            are counted bear `RateLimit`, `RateLimit-Policy` and their older names `X-RateLimit-Limit`, `-Remaining` and \
            `-Reset`. A `HEAD` is answered like its `GET`, without the body. Times are ISO 8601 in UTC.\n\n\
            `/api/u/…` is another name for `/api/public/…`, `/qr…` for `/api/qr…`, and `/generate` for `/api/qr/generate`: for those \
            behind a gateway.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "accounts", description = "Signing up, and the password"),
        (name = "sessions", description = "Logging in and out"),
        (name = "profiles", description = "What a profile says"),
        (name = "tokens", description = "Profiles as signed tokens"),
        (name = "verifiers", description = "What verifiers fetch while they are online"),
        (name = "tenants", description = "Who makes QR codes together"),
        (name = "qr codes", description = "QR codes whose target can change"),
        (name = "scans", description = "What phones open"),
        (name = "cache", description = "The cache, for whoever runs the server"),
        (name = "health", description = "How the server is"),
    ),
    paths(
        account::create, account::change_password,
        session::log_in, session::list, session::log_out_everywhere, session::log_out, session::log_out_one,
        profile::read, profile::change, public::profile, dashboard::stats,
        link::add, link::reorder, link::change, link::remove, link::follow, link::unfollow,
        public::qr_session, public::qr, pass::issue, pass::revoke,
        jwks::read, signed_file::revocations, signed_file::trust_bundle,
        tenant::create, tenant::list, tenant::members, tenant::add_member, tenant::remove_member,
        qr_code::create, qr_code::generate, qr_code::list, qr_code::read, qr_code::change, qr_code::remove, qr_code::stats,
        qr_code::image, scan::scan,
        cache::list, cache::read, cache::write, cache::remove, cache::invalidate, cache::stats, cache::reset,
        health::read, health::ready, health::cache, health::metrics, read,
    ),
    components(schemas(Problem, PictureFormat, TokenForm)),
    modifiers(&Security, &Common)
)]
struct Description;

/// An error (RFC 9457).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what ApiError writes")]
struct Problem {
    r#type: String,
    /// The name of the status.
    title: String,
    status: u16,
    /// What it is, for programs: stable.
    code: String,
    /// What it is, in a few words.
    error: String,
    /// What to do about it.
    #[schema(nullable = false)]
    detail: Option<String>,
}

/// A link to be added.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the core's type")]
pub(super) struct NewLink {
    /// The platform's name, like `github`; an unknown one is kept as text.
    #[schema(min_length = 1, max_length = 50, example = "github")]
    platform: String,
    /// The name there; for a portfolio or custom link usually the address itself.
    #[schema(min_length = 1, max_length = 200, example = "ada")]
    username: String,
    /// The address; the platform's own for that name if absent.
    url: Option<String>,
}

/// A token of a profile.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what SessionToken writes")]
pub(super) struct IssuedToken {
    token: String,
    /// `SC1` or `JWT`.
    token_type: String,
    #[schema(format = DateTime)]
    expires_at: String,
    /// Seconds.
    expires_in: u64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes a path")]
pub(super) struct UsernameInPath {
    #[param(pattern = "^[a-zA-Z0-9_-]{3,50}$", example = "ada")]
    username: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes a path")]
pub(super) struct LinkInPath {
    /// Of the link.
    #[param(format = "uuid")]
    id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes a path")]
pub(super) struct SessionInPath {
    /// Of the session, as the list has it.
    id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes a path")]
pub(super) struct TenantInPath {
    #[param(pattern = "^[a-zA-Z0-9_-]{1,64}$", example = "analytical-engines")]
    tenant_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes a path")]
pub(super) struct QrIdInPath {
    #[param(pattern = "^[a-zA-Z0-9_-]{1,64}$", example = "qr_7k2m9wz4c3hd")]
    qr_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes a path")]
pub(super) struct KeyInPath {
    /// As it stands in Redis.
    #[param(example = "profile:ada")]
    key: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header")]
pub(super) struct TenantInHeader {
    /// Which of the caller's tenants it is about.
    #[param(rename = "X-Tenant-ID", pattern = "^[a-zA-Z0-9_-]{1,64}$")]
    tenant_id: String,
}

/// How callers say who they are.
struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let bearer = |description: &str| {
            let mut http = Http::new(HttpAuthScheme::Bearer);
            http.description = Some(description.to_owned());
            SecurityScheme::Http(http)
        };
        components.add_security_scheme("session", bearer("The token of a session, from `POST /api/sessions`."));
        components.add_security_scheme("operator", bearer("The token in the file of `--admin-token-file`."));
        let cookie = "The same token, for pages: from `POST /api/sessions` with `cookie`. Changes are only taken from pages of \
                      this site (`Sec-Fetch-Site`, `Origin`).";
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(COOKIE, cookie));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// What operations have in common: who has logged in may say so in a cookie, and everything may fail.
struct Common;

impl Modify for Common {
    fn modify(&self, openapi: &mut OpenApi) {
        let mut failures = Responses::default();
        for (path, item) in &mut openapi.paths.paths {
            for (method, operation) in operations(item) {
                complete(operation, &method, path, &mut failures);
            }
        }
        openapi.components.get_or_insert_default().responses.extend(failures);
    }
}

type Responses = BTreeMap<String, RefOr<utoipa::openapi::Response>>;

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Adds how an operation may fail, as far as that is not its own.
fn complete(operation: &mut Operation, method: &Method, path: &str, failures: &mut Responses) {
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with('4'), response) {
            describe_problem(response);
        }
    }
    let mut may_answer = |status: &str, name: &str, description: &str| {
        let responses = &mut operation.responses.responses;
        if !responses.contains_key(status) {
            responses.insert(status.to_owned(), Ref::from_response_name(name).into());
            failures.entry(name.to_owned()).or_insert_with(|| failure(status, description).into());
        }
    };
    let parameters = operation.parameters.iter().flatten();
    let of_tenant = parameters.clone().any(|parameter| matches!(parameter, RefOr::T(own) if own.name == "X-Tenant-ID"));
    if parameters.clone().any(|parameter| matches!(parameter, RefOr::T(own) if own.parameter_in == ParameterIn::Path)) {
        may_answer("404", "NotFound", "There is nothing of this name");
    }
    if parameters.count() > 0 || operation.request_body.is_some() {
        may_answer("400", "Malformed", "The request cannot be read");
    }
    if operation.request_body.is_some() {
        may_answer("413", "TooLarge", "The body is larger than 64 KiB");
        may_answer("415", "NotJson", "The body is no `application/json`");
        may_answer("422", "Unprocessable", "The request can be read, but not done");
    }
    if let Some(security) = &mut operation.security {
        // What is for everybody pays no regard to cookies.
        if security.contains(&session("session")) && !security.contains(&SecurityRequirement::default()) {
            security.push(session("cookie"));
        }
        may_answer("401", "Unauthorized", "Whoever asks has not logged in, or does not say for which tenant");
        if method != Method::GET || of_tenant || security.contains(&session("operator")) {
            may_answer("403", "Forbidden", "Whoever asks may not do this, or asks from a page of another site");
        }
    }
    if Tier::of(method, path).is_some() {
        may_answer("429", "TooManyRequests", "Too many requests: `Retry-After` says when to come back");
    }
    may_answer("408", "Timeout", "It took too long");
    may_answer("500", "Fault", "A fault of the server, which its log tells");
    may_answer("503", "Unavailable", "The database is away: try again after `Retry-After`");
}

fn failure(status: &str, description: &str) -> utoipa::openapi::Response {
    let mut response = ResponseBuilder::new().description(description).build();
    describe_problem(&mut response);
    if matches!(status, "429" | "503") {
        let mut seconds = Header::new(schema!(u32));
        seconds.description = Some("Seconds".to_owned());
        response.headers.insert("retry-after".to_owned(), RefOr::T(seconds));
    }
    response
}

fn describe_problem(response: &mut utoipa::openapi::Response) {
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    response.content.insert("application/problem+json".to_owned(), RefOr::T(problem));
}

fn session(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, [""; 0])
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", operation_id = "readDescription", tag = "health", responses(
    (status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"),
    (status = 304, description = "As the client has it"),
))]
pub(super) async fn read(headers: HeaderMap) -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(text);
    with_etag(&headers, "application/json", TEXT.clone().into_bytes(), "public, max-age=300")
}

/// As it is served.
fn text() -> String {
    let json = Description::openapi().to_pretty_json();
    let json = json.unwrap_or_else(|error| {
        tracing::error!(%error, "the description of the interface cannot be written");
        String::new()
    });
    json + "\n"
}

/// The page, with everything it needs: it asks no other host.
pub(super) fn page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let ui = SwaggerUi::new(PAGE).config(Config::from(PATH).validator_url("none"));
    Router::from(ui).layer(axum::middleware::map_response(of_page))
}

async fn of_page(mut response: Response) -> Response {
    if !(response.status().is_success() || response.status().is_redirection()) {
        return no_such_route().await.into_response();
    }
    let own = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(own));
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What has changed shows in reviews.
    #[test]
    fn the_description_is_the_one_in_docs() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        let known = std::fs::read_to_string(file).unwrap_or_default();
        if std::env::var_os("SEALCARD_WRITE_DOCS").is_some() {
            std::fs::write(file, text()).unwrap();
        } else {
            assert!(
                known == text(),
                "docs/openapi.json is old: SEALCARD_WRITE_DOCS=1 cargo test -p sealcard-server openapi"
            );
        }
    }

    /// Every route is described, and nothing else.
    #[test]
    fn every_route_is_described() {
        let (mut described, mut named) = (BTreeSet::new(), BTreeSet::new());
        let mut openapi = Description::openapi();
        for (path, item) in &mut openapi.paths.paths {
            for (method, operation) in operations(item) {
                assert!(named.insert(operation.operation_id.clone()), "two are called {:?}", operation.operation_id);
                described.insert(format!("{} {path}", method.as_str().to_lowercase()));
            }
        }
        // What has several names is described under its first.
        let (mut routed, mut prefix) = (BTreeSet::new(), "");
        for line in include_str!("mod.rs").lines() {
            if let Some((_, prefixes)) = line.split_once("for prefix in [\"") {
                prefix = prefixes.split('"').next().unwrap();
            }
            let Some((path, handlers)) = line.split_once(".route(").and_then(|(_, route)| route.split_once(", "))
            else {
                continue;
            };
            let path = path.trim_start_matches("&format!(").trim_matches(['"', ')']);
            let path = path.replace("{prefix}", prefix).replace("{{", "{").replace("}}", "}");
            let path = if path == "prefix" { prefix } else { &path };
            let methods = ["get", "put", "post", "delete", "patch"];
            let of_route = methods.into_iter().filter(|method| handlers.contains(&format!("{method}(")));
            routed.extend(of_route.map(|method| format!("{method} {path}")));
        }
        assert!(routed.remove("post /generate"), "the other name of /api/qr/generate");
        assert_eq!(described, routed);
    }
}
