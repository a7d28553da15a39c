//! What is in memory and asked for most, public profiles, their tokens, and where scans lead, is answered at once: without a route, a future or
//! a box, which together cost as much again. Everything else, and whatever is unusual about a request, is for the router. It
//! gives the same answers, by the same functions.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{Method, Request, header};
use axum::response::Response;
use sealcard_core::Username;

use super::App;
use super::routes::{public, scan};
use crate::cache::Lookup;
use crate::public_profile::TokenForm;
use crate::qr_code::Id;
use crate::{cached, clock};

pub(super) fn answer<B>(app: &Arc<App>, request: &Request<B>, now: Instant) -> Option<(Response, Lookup)> {
    if request.method() != Method::GET || request.uri().query().is_some() {
        return None;
    }
    let path = request.uri().path();
    if let Some(qr_id) = path.strip_prefix("/scan/").filter(|id| Id::is_one(id)) {
        let found = app.cache.in_memory(cached::SCAN, qr_id, now)?;
        let response = scan::answer(app, qr_id, &found, request.method(), request.headers()).ok()?;
        return Some((response, found.lookup));
    }
    if request.headers().contains_key(header::AUTHORIZATION) {
        return None;
    }
    let rest = path.strip_prefix("/api/public/").or_else(|| path.strip_prefix("/api/u/"))?;
    let (username, of_it) = rest.split_once('/').unwrap_or((rest, ""));
    // An escaped name is none.
    let username = Username::parse(username).ok()?;
    let is_profile = match of_it {
        "" if !rest.ends_with('/') => true,
        "qr-session" => false,
        _ => return None,
    };
    let found = app.cache.in_memory(cached::PROFILE, username.as_str(), now)?;
    let response = if is_profile {
        public::profile_answer(app, &found, request.headers())
    } else {
        public::qr_session_answer(app, &found, TokenForm::Sc1, clock::now()).ok()?
    };
    Some((response, found.lookup))
}
