//! Browser tabs that act as a persona of their own.
//!
//! Cookies are one for all tabs of a browser, so a tab's own persona is in its address: below `/as/PERSONA` stands the whole console,
//! and every link, form and redirect of a page there stays below it. A form that stands for a persona says so too, by posting to
//! `/acting/PERSONA/…`: it acts as the one its page shows, whoever another tab has switched to meanwhile.

use app::console::Persona;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use tower::ServiceExt as _;

/// Where tabs of their own are.
const TAB: &str = "/as/";
/// Where forms post that stand for a persona.
const FORM: &str = "/acting/";
/// The word in place of a persona that leads out of a tab's own persona again.
const SESSION: &str = "session";
/// More than any page has.
const MAX_PAGE: usize = 16 * 1024 * 1024;

/// Whom a request acts as, when its address says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActsAs {
    /// Whom.
    pub persona: Persona,
    /// Whether it is a form that stands for the persona, and so for nobody else.
    pub strictly: bool,
}

/// The router, and the same once more for every persona that a tab can have.
pub(super) fn with_tabs(router: Router) -> Router {
    Router::new().fallback(move |request: Request| {
        let router = router.clone();
        async move { answer(router, request).await }
    })
}

async fn answer(router: Router, mut request: Request) -> Response {
    let (tab, form, path) = match split(request.uri().path()) {
        Split::Plain => (None, None, None),
        Split::Out(path) => return see_other(path),
        Split::For { tab, form, path } => (tab, form, Some(path.to_owned())),
    };
    if let Some(path) = path {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        match format!("{path}{query}").parse::<Uri>() {
            Ok(uri) => *request.uri_mut() = uri,
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        }
    }
    let form = form.filter(|_| request.method() == Method::POST);
    if let Some(persona) = form.or(tab) {
        request.extensions_mut().insert(ActsAs { persona, strictly: form.is_some() });
    }
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    match tab {
        Some(tab) => below(&format!("{TAB}{}", tab.name()), response).await,
        None => response,
    }
}

fn see_other(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// What a path says before the console's own part begins.
#[derive(Debug, PartialEq, Eq)]
enum Split<'p> {
    /// Nothing.
    Plain,
    /// Out of a tab's own persona, to this path.
    Out(&'p str),
    /// Whose tab it is, and for whom its form stands.
    For { tab: Option<Persona>, form: Option<Persona>, path: &'p str },
}

fn split(path: &str) -> Split<'_> {
    let mut rest = path;
    let mut found = (None, None);
    for before in [TAB, FORM] {
        let Some(from) = rest.strip_prefix(before) else { continue };
        let end = from.find('/').unwrap_or(from.len());
        let (word, tail) = from.split_at(end);
        let tail = if tail.is_empty() { "/" } else { tail };
        if before == TAB && word == SESSION {
            // Two slashes would lead to another site.
            return if tail.starts_with("//") { Split::Plain } else { Split::Out(tail) };
        }
        // No such persona: no such page.
        let Some(persona) = Persona::from_name(word) else { return Split::Plain };
        if before == TAB {
            found.0 = Some(persona);
        } else {
            found.1 = Some(persona);
        }
        rest = tail;
    }
    match found {
        (None, None) => Split::Plain,
        (tab, form) => Split::For { tab, form, path: rest },
    }
}

/// The answer as one of a tab's own: where it leads stays below `prefix`.
async fn below(prefix: &str, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let location = parts.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    if let Some(location) = location
        && location.starts_with('/')
        && !location.starts_with(TAB)
        && let Ok(location) = HeaderValue::from_str(&format!("{prefix}{location}"))
    {
        parts.headers.insert(header::LOCATION, location);
    }
    let is_page = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"));
    if !is_page {
        return Response::from_parts(parts, body);
    }
    match to_bytes(body, MAX_PAGE).await {
        Ok(bytes) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            let page = String::from_utf8_lossy(&bytes);
            Response::from_parts(parts, Body::from(links_below(prefix, &page)))
        }
        Err(error) => {
            tracing::error!(%error, "a tab's page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The page with its links and forms below `prefix`. What people and AWS wrote is escaped in a page, so a quote before a path is one
/// of the page's own.
fn links_below(prefix: &str, page: &str) -> String {
    let mut html = String::with_capacity(page.len() + page.len() / 16);
    let mut rest = page;
    let attributes = ["href=\"/", "action=\"/"];
    while let Some((at, attribute)) =
        attributes.iter().filter_map(|attribute| rest.find(attribute).map(|at| (at, *attribute))).min()
    {
        let (before, from) = rest.split_at(at + attribute.len() - 1);
        html.push_str(before);
        let path = from.split('"').next().unwrap_or_default();
        let own_file = path.starts_with("/pkg/") || path.starts_with("/favicon") || path.starts_with("//");
        if !own_file && !path.starts_with(TAB) {
            html.push_str(prefix);
        }
        rest = from;
    }
    html.push_str(rest);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_whose_tab_it_is_and_for_whom_its_form_stands() {
        let (key, admin) = (Persona::SecureKeyAdmin, Persona::Admin);
        let of = |tab, form, path| Split::For { tab, form, path };
        let cases = [
            ("/steps/key", Split::Plain),
            ("/as/secure-key-admin/steps/key", of(Some(key), None, "/steps/key")),
            ("/as/secure-key-admin", of(Some(key), None, "/")),
            ("/acting/Admin/api/role/create", of(None, Some(admin), "/api/role/create")),
            ("/as/secure-key-admin/acting/Admin/api/x", of(Some(key), Some(admin), "/api/x")),
            ("/as/session/steps/key", Split::Out("/steps/key")),
            ("/as/session//elsewhere.example", Split::Plain),
            ("/as/root/steps/key", Split::Plain),
            ("/as/", Split::Plain),
            ("/assets", Split::Plain),
        ];
        for (path, expected) in cases {
            assert_eq!(split(path), expected, "{path}");
        }
    }

    #[test]
    fn links_and_forms_of_a_tabs_page_stay_below_it_and_files_do_not() {
        let page = r##"<link href="/pkg/main.css"><a href="/steps/key">x</a><a href="#main"></a><form action="/api/a"></form>
            <a href="https://a.example/">y</a><a href="/as/session/">z</a><code>href=&quot;/x&quot;</code>"##;
        let html = links_below("/as/Admin", page);
        for expected in [
            r#"href="/pkg/main.css""#,
            r#"href="/as/Admin/steps/key""#,
            r##"href="#main""##,
            r#"action="/as/Admin/api/a""#,
            r#"href="https://a.example/""#,
            r#"href="/as/session/""#,
            "href=&quot;/x&quot;",
        ] {
            assert!(html.contains(expected), "{expected} in {html}");
        }
    }
}
