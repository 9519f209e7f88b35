//! Which web pages may open links.

use hyper::header::{HOST, HeaderMap, ORIGIN};
use hyper::{StatusCode, Uri};

use super::Door;
use super::reply::{Reply, text};
use crate::config::Origins;

/// What a page gets that may not; `None`: go on.
pub(super) fn refuse(door: &Door, headers: &HeaderMap) -> Option<Reply> {
    if allows_origin(&door.settings.allowed_origins, headers) {
        return None;
    }
    door.metrics.count_refusal("origin");
    let words = "This page's origin is not among the allowed_origins of this server.\n";
    Some(text(StatusCode::FORBIDDEN, words))
}

/// Only browsers send an origin, and they cannot lie about it. Without the check any web page could use
/// its visitor's browser to reach a server inside the visitor's network.
fn allows_origin(allowed: &Origins, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    match allowed {
        Origins::Listed(origins) => origins.contains(&origin.to_ascii_lowercase()),
        Origins::SameHost => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            host.is_some_and(|host| is_same_host(origin, host))
        }
    }
}

/// The scheme is not compared: behind a proxy that speaks TLS, the page is https and we are not.
/// Browsers leave the scheme's own port out of both, so the rest can be compared as it is.
fn is_same_host(origin: &str, host: &str) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else { return false };
    origin.authority().is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(set: &[(HeaderName, &'static str)]) -> HeaderMap {
        set.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn pages_of_this_host_may_connect_and_others_not() {
        let check = |origin, expect: bool| {
            let headers = headers(&[(HOST, "chat.example.org:7440"), (ORIGIN, origin)]);
            assert_eq!(allows_origin(&Origins::SameHost, &headers), expect, "{origin}");
        };
        check("http://chat.example.org:7440", true);
        check("https://Chat.example.org:7440", true);
        check("http://chat.example.org", false);
        check("http://chat.example.org.evil.example:7440", false);
        check("https://evil.example", false);
        check("null", false);
    }

    #[test]
    fn programs_that_are_no_browsers_send_no_origin() {
        assert!(allows_origin(&Origins::SameHost, &headers(&[(HOST, "chat.example.org")])));
    }

    #[test]
    fn listed_origins_are_compared_whole() {
        let listed = Origins::Listed(BTreeSet::from(["https://chat.example.org".to_owned()]));
        assert!(allows_origin(&listed, &headers(&[(ORIGIN, "https://chat.example.org")])));
        assert!(!allows_origin(&listed, &headers(&[(ORIGIN, "http://chat.example.org")])));
        assert!(!allows_origin(&listed, &headers(&[(HOST, "a.example"), (ORIGIN, "https://a.example")])));
    }
}
