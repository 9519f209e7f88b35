//! The web client, compiled into the binary.

use bytes::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use hyper::{Response, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::reply::{Body, Reply, text};

/// What `npm run build` made of `web/app`; empty if nobody ran it before compiling.
#[derive(RustEmbed)]
#[folder = "../../web/app/dist"]
struct WebClient;

const INDEX: &str = "index.html";
const NOT_BUILT: &str = "This server was compiled without the web client. Build it with `cargo xtask run`.\n";

/// The file at `path`; the page itself for paths that only the web client's router knows.
pub(super) fn serve(path: &str, headers: &HeaderMap) -> Reply {
    let path = path.trim_start_matches('/');
    if !path.is_empty()
        && let Some(reply) = file(path, headers)
    {
        return reply;
    }
    // A missing script must not come back as HTML: the browser would run, or cache, nonsense.
    let names_a_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if names_a_file {
        return text(StatusCode::NOT_FOUND, "There is no such file.\n");
    }
    file(INDEX, headers).unwrap_or_else(|| text(StatusCode::NOT_FOUND, NOT_BUILT))
}

fn file(path: &str, headers: &HeaderMap) -> Option<Reply> {
    let plain = WebClient::get(path)?;
    let tag = etag(&plain);
    let mut reply = if headers.get(IF_NONE_MATCH) == Some(&tag) {
        let mut unchanged = Response::new(Body::default());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        content(path, plain, headers)
    };
    reply.headers_mut().insert(ETAG, tag);
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache_policy(path)));
    reply.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    Some(reply)
}

fn content(path: &str, plain: EmbeddedFile, headers: &HeaderMap) -> Reply {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let mime = match mime.type_() {
        mime_guess::mime::TEXT => format!("{mime}; charset=utf-8"),
        _ => mime.to_string(),
    };
    let compressed = if takes_brotli(headers) { WebClient::get(&format!("{path}.br")) } else { None };
    let is_compressed = compressed.is_some();
    let bytes = match compressed.unwrap_or(plain).data {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut reply = Response::new(Body::from(bytes));
    if let Ok(mime) = HeaderValue::from_str(&mime) {
        reply.headers_mut().insert(CONTENT_TYPE, mime);
    }
    if is_compressed {
        reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    reply
}

/// Vite puts a hash of the content into the names below `assets/`: such a file never changes.
/// All others (the page, the service worker, the icons) must be asked for anew, which the tag makes cheap.
fn cache_policy(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    accepted.split(',').any(|coding| coding.trim() == "br")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_cached_for_ever() {
        assert!(cache_policy("assets/index-3f2a.js").contains("immutable"));
        assert_eq!(cache_policy("index.html"), "no-cache");
        assert_eq!(cache_policy("sw.js"), "no-cache");
    }

    #[test]
    fn a_missing_script_is_not_answered_with_the_page() {
        assert_eq!(serve("/assets/gone.js", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn no_path_leads_out_of_the_web_client() {
        for path in ["/../Cargo.toml", "/assets/../../Cargo.toml", "//etc/passwd.txt", "/..%2fCargo.toml"] {
            assert_eq!(serve(path, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn brotli_is_sent_only_to_those_who_take_it() {
        let mut headers = HeaderMap::new();
        assert!(!takes_brotli(&headers));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
        assert!(takes_brotli(&headers));
    }
}
