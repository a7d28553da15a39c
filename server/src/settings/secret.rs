//! Settings shown without their secrets.

use serde::Serializer;

/// Stands for what is not shown.
const HIDDEN: &str = "***";

/// Shows that there is one, and nothing of it.
pub(super) fn whole<S: Serializer>(secret: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret.as_deref() {
        Some("") | None => serializer.serialize_none(),
        Some(_) => serializer.serialize_some(HIDDEN),
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
    let (address, query) = match address.split_once('?') {
        Some((address, _)) => (address, format!("?{HIDDEN}")),
        None => (address, String::new()),
    };
    let shown = match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((before, host))) => {
            let user =
                before.split_once("://").and_then(|(_, login)| Some(login.split_once(':')?.0)).unwrap_or_default();
            format!("{scheme}://{user}:{HIDDEN}@{host}")
        }
        (None, Some((_, host))) => format!("{HIDDEN}@{host}"),
        (_, None) => address.to_owned(),
    };
    shown + &query
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
            ("ada:secret@db", "***@db"),
            ("sqlite://file.db", "sqlite://file.db"),
            ("", ""),
        ] {
            assert_eq!(hide_passwords(address), shown);
        }
    }
}
