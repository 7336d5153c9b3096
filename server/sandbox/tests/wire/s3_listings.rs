//! Listings of objects, versions and uploads: pages, prefixes, delimiters, and keys of every kind.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::support::Lab;
use crate::support::steps::{assert_refused, lab_with_bucket, s3};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The texts of all elements of that name.
fn all(text: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let rest = text.split(&open).skip(1);
    rest.map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
}

/// A name as `encoding-type=url` writes it.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned()
}

/// What a listing gives, page by page: keys (with version or upload ids behind) and common prefixes, each page in order.
/// `start` is the parameter that says where the first one begins.
async fn pages(
    lab: &Lab,
    kind: &str,
    (parameters, start): (&str, &str),
    most: usize,
) -> Vec<(Vec<String>, Vec<String>)> {
    let mut pages = Vec::new();
    let mut more = start.to_owned();
    loop {
        let size = if kind == "uploads" { "max-uploads" } else { "max-keys" };
        let path = format!("/bucket-1?{kind}&encoding-type=url&{size}={most}{parameters}{more}");
        let page = s3(lab, "GET", &path, &[], b"").await;
        let text = page.text();
        let ids = [all(&text, "VersionId"), all(&text, "UploadId")].concat();
        let mut keys: Vec<String> = all(&text, "Key").iter().map(|key| decoded(key)).collect();
        keys.iter_mut().zip(ids).for_each(|(key, id)| {
            let _ = write!(key, " {id}");
        });
        let prefixes =
            all(&text, "CommonPrefixes").iter().map(|prefix| decoded(&all(prefix, "Prefix")[0])).collect();
        pages.push((keys, prefixes));
        if page.xml("IsTruncated").unwrap() == "false" {
            return pages;
        }
        let next = |element: &str| page.xml(element).map(|value| decoded(&value));
        more = match kind {
            "list-type=2" => {
                format!("&continuation-token={}", encoded(&page.xml("NextContinuationToken").unwrap()))
            }
            "versions" => {
                let id = next("NextVersionIdMarker").filter(|id| !id.is_empty());
                let id = id.map_or_else(String::new, |id| format!("&version-id-marker={id}"));
                format!("&key-marker={}{id}", encoded(&next("NextKeyMarker").unwrap()))
            }
            "uploads" => {
                let id = next("NextUploadIdMarker").unwrap();
                format!("&key-marker={}&upload-id-marker={id}", encoded(&next("NextKeyMarker").unwrap()))
            }
            // Without a delimiter the last key is where to go on.
            _ => {
                let last = next("NextMarker").or_else(|| pages.last().unwrap().0.last().cloned());
                format!("&marker={}", encoded(&last.unwrap()))
            }
        };
    }
}

const ODD: [&str; 22] = [
    "a b",
    "a+b",
    "a%20b",
    "a&b",
    "a<b>",
    "a\"b'",
    "a\\b",
    "a?b=c",
    "a#b",
    "..",
    "../a",
    "a/../b",
    "a//b",
    "/a",
    "a/",
    "line\nfeed",
    "tab\tend",
    "bell\u{7}",
    "é/ü",
    "漢字",
    "\u{1F600}",
    "a\u{FFFD}",
];

#[tokio::test]
async fn keys_of_every_kind_are_kept_as_they_are() {
    let lab = lab_with_bucket().await;
    for key in ODD {
        s3(&lab, "PUT", &format!("/bucket-1/{}", encoded(key)), &[], key.as_bytes()).await;
    }
    let mut sorted = ODD.map(str::to_owned).to_vec();
    sorted.sort();
    for kind in ["list-type=2", "list-type=1", "versions"] {
        let ids = if kind == "versions" { " null" } else { "" };
        let expected: Vec<String> = sorted.iter().map(|key| format!("{key}{ids}")).collect();
        for most in [1, 5, 1000] {
            let listed: Vec<String> =
                pages(&lab, kind, ("", ""), most).await.into_iter().flat_map(|page| page.0).collect();
            assert_eq!(listed, expected, "{kind}, {most} a page");
        }
    }
    for key in ODD {
        let path = format!("/bucket-1/{}", encoded(key));
        assert_eq!(s3(&lab, "GET", &path, &[], b"").await.text(), key);
        assert_eq!(s3(&lab, "DELETE", &path, &[], b"").await.status, 204);
    }
    assert!(pages(&lab, "list-type=2", ("", ""), 1000).await[0].0.is_empty());
    let longest = "k".repeat(1024);
    s3(&lab, "PUT", &format!("/bucket-1/{longest}"), &[], b"").await;
    for long in ["k".repeat(1025), "é".repeat(513)] {
        let answer = lab.s3(&lab.admin, "PUT", &format!("/bucket-1/{}", encoded(&long)), &[], b"").await;
        assert_refused(&answer, 400, "KeyTooLongError", "Your key is too long");
    }
}

/// What a listing must give, in the words of the documentation: of the names behind a place those with the prefix, in order, those
/// that have the delimiter behind it rolled up.
fn expected(
    names: &BTreeSet<String>,
    prefix: &str,
    delimiter: &str,
    after: &str,
) -> (Vec<String>, Vec<String>) {
    let (mut keys, mut prefixes) = (Vec::new(), Vec::new());
    for name in names.iter().filter(|name| name.starts_with(prefix) && name.as_str() > after) {
        let rest = &name[prefix.len()..];
        match rest.find(delimiter).filter(|_| !delimiter.is_empty()) {
            None => keys.push(name.clone()),
            Some(place) => {
                let group = format!("{prefix}{}", &rest[..place + delimiter.len()]);
                // What was rolled up under a place that the listing is behind was given before.
                if !after.starts_with(&group) && prefixes.last() != Some(&group) {
                    prefixes.push(group);
                }
            }
        }
    }
    (keys, prefixes)
}

#[tokio::test]
async fn pages_hold_what_they_must_whatever_their_size() {
    let lab = lab_with_bucket().await;
    let mut names = BTreeSet::new();
    for first in ["a", "b", "c/", "c/d/", "c/d/e", "z\u{10FFFF}/"] {
        for second in ["", "/", "/1", "/2", "1", "//"] {
            names.insert(format!("{first}{second}"));
        }
    }
    let puts = names.iter().map(|name| (name, format!("/bucket-1/{}", encoded(name))));
    for (name, path) in puts {
        s3(&lab, "PUT", &path, &[], name.as_bytes()).await;
        s3(&lab, "POST", &format!("{path}?uploads"), &[], b"").await;
    }
    for (prefix, delimiter, after) in [
        ("", "", ""),
        ("", "/", ""),
        ("c/", "/", ""),
        ("c/d", "/", ""),
        ("", "d/", ""),
        ("", "/", "b"),
        ("", "/", "c/"),
        ("", "/", "c/d/e"),
        ("c/", "", "c/d/"),
        ("c/", "/", "a"),
        ("c/", "/", "zz"),
        ("none", "/", ""),
    ] {
        let (keys, prefixes) = expected(&names, prefix, delimiter, after);
        for kind in ["list-type=2", "list-type=1", "versions", "uploads"] {
            let start = match kind {
                "list-type=2" => "start-after",
                "list-type=1" => "marker",
                _ => "key-marker",
            };
            let after = if after.is_empty() { String::new() } else { format!("&{start}={}", encoded(after)) };
            let parameters = format!("&prefix={}&delimiter={}", encoded(prefix), encoded(delimiter));
            for most in [1, 2, 3, 7, 1000] {
                let pages = pages(&lab, kind, (&parameters, &after), most).await;
                let what = format!("{kind}{parameters}{after}, {most} a page");
                let sizes: Vec<usize> = pages.iter().map(|page| page.0.len() + page.1.len()).collect();
                let (last, full) = sizes.split_last().unwrap();
                assert!(full.iter().all(|size| *size == most) && *last <= most, "{what}: {sizes:?}");
                let key = |key: &String| {
                    key.rsplit_once(' ')
                        .filter(|_| kind == "versions" || kind == "uploads")
                        .map_or_else(|| key.clone(), |(key, _)| key.to_owned())
                };
                let listed: Vec<String> = pages.iter().flat_map(|page| page.0.iter().map(key)).collect();
                let grouped: Vec<String> = pages.iter().flat_map(|page| page.1.clone()).collect();
                assert_eq!((listed, grouped), (keys.clone(), prefixes.clone()), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn parameters_are_repeated_and_bad_ones_named() {
    let lab = lab_with_bucket().await;
    s3(&lab, "PUT", "/bucket-1/a%20b", &[], b"").await;
    s3(&lab, "PUT", "/bucket-1/c", &[], b"").await;
    let path = "/bucket-1?list-type=2&prefix=a%20&start-after=a&delimiter=%2F&max-keys=1&fetch-owner=true&encoding-type=url";
    let listed = s3(&lab, "GET", path, &[], b"").await;
    for (element, value) in [
        ("Name", "bucket-1"),
        ("Prefix", "a+"),
        ("StartAfter", "a"),
        ("Delimiter", "/"),
        ("MaxKeys", "1"),
        ("KeyCount", "1"),
        ("EncodingType", "url"),
        ("Key", "a+b"),
        ("IsTruncated", "false"),
    ] {
        assert_eq!(listed.xml(element).as_deref(), Some(value), "{element}: {}", listed.text());
    }
    assert!(listed.text().contains("<Owner>"), "{}", listed.text());
    for kind in ["list-type=2&max-keys=0", "max-keys=0", "versions&max-keys=0", "uploads&max-uploads=0"] {
        let none = s3(&lab, "GET", &format!("/bucket-1?{kind}"), &[], b"").await;
        assert_eq!(none.xml("IsTruncated").as_deref(), Some("false"), "{}", none.text());
        assert!(!none.text().contains("<Key>"), "{}", none.text());
    }
    for (query, argument, message) in [
        (
            "list-type=2&continuation-token=",
            "continuation-token",
            "The continuation token provided is incorrect",
        ),
        (
            "list-type=2&continuation-token=%21",
            "continuation-token",
            "The continuation token provided is incorrect",
        ),
        ("list-type=2&encoding-type=base64", "encoding-type", "Invalid Encoding Method specified in Request"),
        (
            "versions&version-id-marker=null",
            "version-id-marker",
            "A version-id marker cannot be specified without a key marker.",
        ),
        ("versions&key-marker=a&version-id-marker=x", "version-id-marker", "Invalid version id specified"),
    ] {
        let answer = lab.s3(&lab.admin, "GET", &format!("/bucket-1?{query}"), &[], b"").await;
        assert_refused(&answer, 400, "InvalidArgument", message);
        assert_eq!(answer.xml("ArgumentName").as_deref(), Some(argument));
    }
}

/// A listing of versions goes on where it was though the version it ended with was deleted meanwhile.
#[tokio::test]
async fn a_version_that_is_gone_has_left_its_place() {
    let lab = lab_with_bucket().await;
    let on = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    s3(&lab, "PUT", "/bucket-1?versioning", &[], on).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let put = s3(&lab, "PUT", "/bucket-1/object", &[], format!("{number}").as_bytes()).await;
        ids.insert(0, put.header("x-amz-version-id").unwrap().to_owned());
        // Versions of the same millisecond have no order once they are gone.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    s3(&lab, "PUT", "/bucket-1/other", &[], b"").await;
    for gone in 0..4 {
        s3(&lab, "DELETE", &format!("/bucket-1/object?versionId={}", ids[gone]), &[], b"").await;
        let path = format!("/bucket-1?versions&key-marker=object&version-id-marker={}", ids[gone]);
        let text = s3(&lab, "GET", &path, &[], b"").await.text();
        let listed = all(&text, "VersionId");
        assert_eq!(listed[..listed.len() - 1], ids[gone + 1..], "{text}");
    }
}

/// Behind a common prefix a listing goes on at once, however much there is in it.
#[tokio::test]
async fn what_is_rolled_up_is_not_read() {
    let lab = lab_with_bucket().await;
    for start in (0..2_000).step_by(100) {
        let puts = (start..start + 100).map(|number| {
            let path = format!("/bucket-1/many/{number:05}");
            let lab = &lab;
            async move { s3(lab, "PUT", &path, &[], b"").await }
        });
        futures::future::join_all(puts).await;
    }
    let time = async |query: &str| {
        let mut best = std::time::Duration::MAX;
        for _ in 0..10 {
            let start = std::time::Instant::now();
            s3(&lab, "GET", &format!("/bucket-1?{query}"), &[], b"").await;
            best = best.min(start.elapsed());
        }
        best
    };
    for kind in ["list-type=2", "versions"] {
        let (rolled_up, page) = (time(&format!("{kind}&delimiter=/")).await, time(kind).await);
        assert!(rolled_up * 5 < page, "{kind}, rolled up: {rolled_up:?}, a page: {page:?}");
    }
}
