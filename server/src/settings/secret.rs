//! Settings shown without their secrets.

use serde::Serializer;

/// Stands for what is not shown.
pub(super) const HIDDEN: &str = "***";

/// Shows that there is one, and nothing of it.
pub(super) fn whole<S: Serializer>(secret: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret.as_deref() {
        Some("") | None => serializer.serialize_none(),
        Some(_) => serializer.serialize_some(HIDDEN),
    }
}

/// Shows an address without its password.
pub(super) fn in_address<S: Serializer>(address: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => serializer.serialize_some(&hide_password(address)),
        None => serializer.serialize_none(),
    }
}

/// Shows addresses, with commas between them, without their passwords.
pub(super) fn in_addresses<S: Serializer>(addresses: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match addresses {
        Some(addresses) => serializer.serialize_some(&hide_passwords(addresses)),
        None => serializer.serialize_none(),
    }
}

fn hide_passwords(addresses: &str) -> String {
    addresses.split(',').map(hide_password).collect::<Vec<_>>().join(",")
}

/// Whatever is between scheme and host, and what stands in a query, may be a password: all of it but a user's name is hidden.
fn hide_password(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let (login, place) = match rest.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, rest),
    };
    let user = login.and_then(|login| Some(login.split_once(':')?.0)).unwrap_or_default();
    let login = login.map(|_| format!("{user}:{HIDDEN}@")).unwrap_or_default();
    let place = place.split_once('?').map_or(place.to_owned(), |(place, _)| format!("{place}?{HIDDEN}"));
    if scheme.is_empty() { format!("{login}{place}") } else { format!("{scheme}://{login}{place}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (address, shown) in [
            ("postgres://ada:se:cr@et@db/x", "postgres://ada:***@db/x"),
            ("redis://:secret@a:1,redis://secret@b:2/3", "redis://:***@a:1,redis://:***@b:2/3"),
            ("redis://a:1", "redis://a:1"),
            ("postgres://db/x?password=secret", "postgres://db/x?***"),
            ("ada:secret@db", "ada:***@db"),
            ("sqlite://file.db", "sqlite://file.db"),
            ("", ""),
        ] {
            assert_eq!(hide_passwords(address), shown);
        }
        for password in ["hunter2,x", "hunter2?x", "hunter2/x", "hunter2@x"] {
            let address = format!("postgres://ada:{password}@db/cards");
            assert_eq!(hide_password(&address), "postgres://ada:***@db/cards");
        }
    }
}
