//! Who may see and change what.

use sealcard_tests::everywhere;
use sealcard_tests::site::Site;
use serde_json::json;

use crate::client::{Client, scan};
use crate::sql;

everywhere! {
    a_tenant_s_codes_are_its_own;
    members_come_and_go;
}

fn a_tenant_s_codes_are_its_own(site: Site) {
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    let eve = Client::new(&server, "eve", "evil");
    ada.make(&server, "qr_1", "https://acme.example/");
    scan(&server, "qr_1");

    // Without a login, without a tenant, with another's.
    assert_eq!(server.get("/api/qr").problem(), (401, "unauthorized".into()));
    let without = server.request("GET", "/api/qr", Some(&ada.token), None);
    assert_eq!(without.problem(), (401, "tenant_required".into()));
    assert_eq!(without.json()["error"], "Tenant ID required");
    let forged = Client { token: eve.token.clone(), tenant: "acme".into() };
    for (method, path) in [
        ("GET", "/api/qr"),
        ("POST", "/api/qr"),
        ("GET", "/api/qr/qr_1"),
        ("GET", "/api/qr/qr_1/stats"),
        ("GET", "/api/qr/qr_1/image"),
        ("PATCH", "/api/qr/qr_1"),
        ("DELETE", "/api/qr/qr_1"),
    ] {
        let body = (method == "POST" || method == "PATCH").then(|| json!({ "targetUrl": "https://evil.example/" }));
        assert_eq!(forged.ask(&server, method, path, body.as_ref()).problem(), (403, "not_a_member".into()));
        let nowhere = Client { token: eve.token.clone(), tenant: "nowhere".into() };
        assert_eq!(nowhere.ask(&server, method, path, body.as_ref()).problem(), (403, "not_a_member".into()));
        // Under one's own tenant, another's code is none.
        if path != "/api/qr" {
            assert_eq!(eve.ask(&server, method, path, body.as_ref()).problem(), (404, "not_found".into()), "{path}");
        }
    }
    assert_eq!(eve.ask(&server, "GET", "/api/tenants/acme/members", None).problem().0, 403);
    assert_eq!(eve.ask(&server, "PUT", "/api/tenants/acme/members/eve", None).problem().0, 403);
    // Ids are everybody's: a code is scanned without saying whose it is.
    let taken = json!({ "qrId": "qr_1", "targetUrl": "https://evil.example/" });
    let answer = eve.ask(&server, "POST", "/api/qr", Some(&taken));
    assert_eq!(answer.problem(), (409, "conflict".into()));
    assert_eq!(answer.json()["error"], "QR code ID is taken");
    assert_eq!(eve.get(&server, "/api/qr")["count"], 0);
    assert_eq!(ada.get(&server, "/api/qr")["count"], 1);
    assert_eq!(scan(&server, "qr_1"), "https://acme.example/");
}

fn members_come_and_go(site: Site) {
    let (one, other) = (site.server(), site.server());
    let ada = Client::new(&one, "ada", "acme");
    let bob = Client { token: one.sign_up("bob"), tenant: "acme".into() };
    assert_eq!(bob.ask(&other, "GET", "/api/qr", None).problem().0, 403);

    assert_eq!(ada.ask(&one, "PUT", "/api/tenants/acme/members/nobody", None).problem().0, 404);
    assert_eq!(ada.ask(&one, "PUT", "/api/tenants/acme/members/bob", None).status, 204);
    assert_eq!(bob.get(&one, "/api/qr")["count"], 0);
    assert_eq!(
        bob.get(&one, "/api/tenants/acme/members"),
        json!({ "count": 2, "members": [{ "username": "ada" }, { "username": "bob" }] })
    );
    let tenants = bob.get(&one, "/api/tenants");
    assert_eq!((&tenants["count"], &tenants["tenants"][0]["tenantId"]), (&json!(1), &json!("acme")));
    other.wait_until("the other server knows", |other| bob.ask(other, "GET", "/api/qr", None).status == 200);

    assert_eq!(bob.ask(&one, "DELETE", "/api/tenants/acme/members/ada", None).status, 204);
    assert_eq!(ada.ask(&one, "GET", "/api/qr", None).problem().0, 403, "at once, where it was changed");
    other.wait_until("the other server knows", |other| ada.ask(other, "GET", "/api/qr", None).status == 403);
    assert_eq!(bob.ask(&one, "DELETE", "/api/tenants/acme/members/bob", None).problem().1, "last_member");

    // Names of tenants.
    let make = |body| one.request("POST", "/api/tenants", Some(&bob.token), Some(&body)).problem();
    assert_eq!(make(json!({ "tenantId": "acme", "name": "Acme" })), (409, "conflict".into()));
    assert_eq!(make(json!({ "tenantId": "a b", "name": "Acme" })), (422, "invalid_tenant".into()));
    assert_eq!(make(json!({ "tenantId": "fine", "name": "\u{202e}" })), (422, "invalid_tenant".into()));
    assert_eq!(make(json!({ "tenantId": "fine" })), (422, "invalid_request".into()));
}

/// Databases differ about the character 0, and none is asked about it.
#[test]
fn a_nul_in_a_path_is_refused() {
    let site = Site::new(sealcard_tests::site::Backend::None).with_postgres();
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    for (method, path) in
        [("DELETE", "/api/sessions/%00"), ("PUT", "/api/tenants/acme/members/%00"), ("GET", "/scan/a%00")]
    {
        assert_eq!(ada.ask(&server, method, path, None).problem().0, 404, "{path}");
    }
    assert_eq!(server.lookup("/api/public/ada").0, "MISS");
    assert_eq!(server.lookup("/api/public/ada").0, "HIT");
}

/// The most tenants of an account.
#[test]
fn an_account_has_a_hundred_tenants_at_most() {
    let site = Site::new(sealcard_tests::site::Backend::None);
    let server = site.server();
    let token = server.sign_up("ada");
    let make = |number: u32| {
        let body = json!({ "tenantId": format!("t{number}"), "name": "T" });
        server.request("POST", "/api/tenants", Some(&token), Some(&body))
    };
    for number in 1..=100 {
        assert_eq!(make(number).status, 201);
    }
    assert_eq!(make(101).problem(), (409, "too_many".into()));
    // Nothing is left of it.
    let other = server.sign_up("bob");
    let body = json!({ "tenantId": "t101", "name": "T" });
    assert_eq!(server.request("POST", "/api/tenants", Some(&other), Some(&body)).status, 201);
    // Somebody else may make ada a member of theirs, so often, and takes nothing of her own from her.
    let bob = Client { token: other, tenant: "t101".into() };
    let membership = || bob.ask(&server, "PUT", "/api/tenants/t101/members/ada", None);
    let others = "INSERT INTO tenants (id, name, created_at, created_by) SELECT 'other' || value, 'T', 0, 'eve' \
                  FROM generate_series(1, 900)";
    let member = "INSERT INTO tenant_members SELECT tenants.id, accounts.id FROM tenants, accounts \
                  WHERE username = 'ada' AND created_by = 'eve'";
    sql(&site, others);
    sql(&site, member);
    assert_eq!(membership().problem().1, "too_many", "of 1,000");
    sql(&site, "DELETE FROM tenants WHERE id = 'other1'; DELETE FROM tenant_members WHERE tenant_id = 'other1'");
    assert_eq!(membership().status, 204);
    let carol = server.sign_up("carol");
    let account = "(SELECT id FROM accounts WHERE username = 'carol')";
    sql(&site, &format!("INSERT INTO tenant_members SELECT id, {account} FROM tenants LIMIT 1000"));
    let own = server.request("POST", "/api/tenants", Some(&carol), Some(&json!({ "tenantId": "own", "name": "T" })));
    assert_eq!(own.status, 201, "{own:?}");
}
