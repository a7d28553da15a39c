//! Somebody who makes codes.

use sealcard_tests::clock;
use sealcard_tests::server::{Answer, Server};
use serde_json::{Value, json};

/// A member of a tenant, by their session.
pub(crate) struct Client {
    pub(crate) token: String,
    pub(crate) tenant: String,
}

impl Client {
    /// Signs somebody up, with a tenant of their own.
    pub(crate) fn new(server: &Server, username: &str, tenant: &str) -> Self {
        // Scans are counted by day.
        clock::with_left(86_400, 120);
        let client = Self { token: server.sign_up(username), tenant: tenant.into() };
        let body = json!({ "tenantId": tenant, "name": "Acme" });
        let made = server.request("POST", "/api/tenants", Some(&client.token), Some(&body));
        assert_eq!(made.status, 201, "{made:?}");
        client
    }

    /// Asks as a member of the tenant.
    pub(crate) fn ask(&self, server: &Server, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut headers =
            vec![("authorization", format!("Bearer {}", self.token)), ("x-tenant-id", self.tenant.clone())];
        if body.is_some() {
            headers.push(("content-type", "application/json".into()));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        server.raw_request(method, path, &headers, body.as_bytes())
    }

    /// The JSON of what must succeed.
    pub(crate) fn get(&self, server: &Server, path: &str) -> Value {
        let answer = self.ask(server, "GET", path, None);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// Makes a code.
    pub(crate) fn make(&self, server: &Server, qr_id: &str, target: &str) {
        let body = json!({ "qrId": qr_id, "targetUrl": target });
        let made = self.ask(server, "POST", "/api/qr", Some(&body));
        assert_eq!(made.status, 201, "{made:?}");
    }

    pub(crate) fn change(&self, server: &Server, qr_id: &str, target: &str) {
        let changed = self.ask(server, "PATCH", &format!("/api/qr/{qr_id}"), Some(&json!({ "targetUrl": target })));
        assert_eq!(changed.status, 200, "{changed:?}");
    }

    /// Total and today.
    pub(crate) fn stats(&self, server: &Server, qr_id: &str) -> (u64, u64) {
        let stats = self.get(server, &format!("/api/qr/{qr_id}/stats"));
        (stats["totalScans"].as_u64().unwrap(), stats["scansToday"].as_u64().unwrap())
    }
}

/// Scans once, as a phone does. Where it is sent.
pub(crate) fn scan(server: &Server, qr_id: &str) -> String {
    let answer = server.get(&format!("/scan/{qr_id}"));
    assert_eq!(answer.status, 302, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.header("location").to_owned()
}
