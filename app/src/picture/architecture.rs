//! What has been built so far and who may do what with it: the walk's parts and the arrows between them.

use super::{html::escape, people};
use policy::scene::{Deed, Matrix, Scene};
use std::fmt::Write as _;

/// What a scene does not know of the lab.
#[derive(Clone, Debug, Default)]
pub(crate) struct Built {
    /// Whether the bucket is there.
    pub(crate) bucket: bool,
    /// The instance's id, once it runs.
    pub(crate) instance: Option<String>,
}

/// A box of the picture.
struct Part {
    x: i32,
    y: i32,
    name: String,
    what: &'static str,
    class: &'static str,
    there: bool,
}

/// An arrow of the picture, with what it says.
struct Arrow {
    who: &'static str,
    whom: &'static str,
    from: (i32, i32),
    to: (i32, i32),
    words: String,
    allowed: bool,
}

const WIDTH: i32 = 190;
const HEIGHT: i32 = 58;

/// The picture, and in words what it shows.
pub(crate) fn html(scene: &Scene, matrix: &Matrix, built: &Built) -> String {
    let may = |name: &str, deed: Deed| {
        let row = scene.actors.iter().position(|actor| actor.name == name);
        let column = Deed::ALL.into_iter().position(|known| known == deed);
        row.zip(column)
            .and_then(|(row, column)| matrix.get(row)?.get(column)?.as_ref())
            .map(|answered| answered.allowed)
    };
    let parts = parts(scene, built);
    let arrows = arrows(may);
    let mut html = String::from(
        r#"<div class="picture-box" tabindex="0" role="group" aria-label="Picture of the lab"><svg class="architecture" viewBox="0 0 980 410" aria-hidden="true" focusable="false"><defs><marker id="arrow-yes" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>"#,
    );
    // Writing to a `String` cannot fail.
    for Arrow { from, to, words, allowed, .. } in &arrows {
        let (x, y) = (i32::midpoint(from.0, to.0), i32::midpoint(from.1, to.1));
        let _ = write!(
            html,
            r#"<g class="arrow {}"><path d="M{} {}L{} {}"{}/><text x="{x}" y="{}">{}</text></g>"#,
            if *allowed { "is-allowed" } else { "is-refused" },
            from.0,
            from.1,
            to.0,
            to.1,
            if *allowed { r#" marker-end="url(#arrow-yes)""# } else { "" },
            y - 8,
            escape(words)
        );
    }
    for Part { x, y, name, what, class, there } in &parts {
        let _ = write!(
            html,
            r#"<g class="part {class} {}"><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/><text class="part-name" x="{}" y="{}">{}</text><text class="part-what" x="{}" y="{}">{}</text></g>"#,
            if *there { "is-there" } else { "is-absent" },
            x + WIDTH / 2,
            y + 25,
            escape(name),
            x + WIDTH / 2,
            y + 45,
            if *there { what } else { "not yet" }
        );
    }
    html.push_str("</svg></div>");
    html.push_str(&words(&parts, &arrows));
    html
}

fn parts(scene: &Scene, built: &Built) -> Vec<Part> {
    let role = |name: &str| scene.actors.iter().any(|actor| actor.name == name);
    let written = |id: &str| scene.document(id).is_some_and(|document| !document.text.trim().is_empty());
    let part = |x, y, name: &str, what, class, there| Part { x, y, name: name.into(), what, class, there };
    let instance = built.instance.clone();
    vec![
        part(20, 20, "Admin", "turns the IAM lock", people::class("Admin"), role("Admin")),
        part(
            20,
            140,
            "secure-bucket-admin",
            "turns the bucket's lock",
            people::class("secure-bucket-admin"),
            role("secure-bucket-admin"),
        ),
        part(
            20,
            300,
            "secure-key-admin",
            "turns the key's lock",
            people::class("secure-key-admin"),
            role("secure-key-admin"),
        ),
        part(395, 120, "bucket", "holds the objects", "part-bucket", built.bucket),
        part(395, 178, "bucket policy", "only denies uploads", "part-bucket", written("bucket-policy")),
        part(395, 280, "KMS key", "encrypts the objects", "part-key", scene.key_arn.is_some()),
        part(395, 338, "key policy", "says who may use it", "part-key", written("key-policy")),
        part(
            770,
            120,
            "authorized-users",
            "a role",
            people::class("authorized-users"),
            role("authorized-users"),
        ),
        Part {
            x: 770,
            y: 20,
            there: instance.is_some(),
            name: instance.unwrap_or_else(|| "instance".into()),
            what: "acts as the role",
            class: people::class("authorized-users"),
        },
    ]
}

fn arrows(may: impl Fn(&str, Deed) -> Option<bool>) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    // `meant` is what somebody is there for, `beyond` what they should not be able to do: it shows once they can.
    let mut arrow = |who, whom, from, to, meant: &[(&str, Deed)], beyond: &[(&str, Deed)]| {
        let said = |deeds: &[(&str, Deed)], wanted| {
            let said = deeds.iter().filter(|(_, deed)| may(who, *deed) == Some(wanted));
            said.map(|(word, _)| (*word).to_owned()).collect::<Vec<_>>()
        };
        let allowed = [said(meant, true), said(beyond, true)].concat();
        let refused = said(meant, false);
        if !allowed.is_empty() {
            let words = format!("may {}", allowed.join(", "));
            arrows.push(Arrow { who, whom, from, to, words, allowed: true });
        } else if !refused.is_empty() {
            let words = format!("may not {}", refused.join(", "));
            arrows.push(Arrow { who, whom, from, to, words, allowed: false });
        }
    };
    let (admin, bucket_admin, key_admin, users) =
        ("Admin", "secure-bucket-admin", "secure-key-admin", "authorized-users");
    arrow(admin, "the bucket", (210, 60), (395, 140), &[("read", Deed::Read)], &[]);
    arrow(
        bucket_admin,
        "the bucket policy",
        (210, 175),
        (395, 205),
        &[("change it", Deed::ChangeBucketPolicy)],
        &[("read", Deed::Read), ("delete", Deed::Delete)],
    );
    arrow(
        key_admin,
        "the key policy",
        (210, 335),
        (395, 365),
        &[("change it", Deed::ChangeKeyPolicy)],
        &[("decrypt", Deed::Decrypt), ("make data keys", Deed::DataKey)],
    );
    let data = [("read", Deed::Read), ("write", Deed::Write)];
    arrow(users, "the bucket", (770, 149), (585, 149), &data, &[]);
    arrow(
        users,
        "the key",
        (865, 178),
        (585, 309),
        &[("use the key", Deed::Decrypt)],
        &[("change it", Deed::ChangeKeyPolicy)],
    );
    arrows
}

/// The same in words, for those who do not see the picture and those who want to be sure.
fn words(parts: &[Part], arrows: &[Arrow]) -> String {
    let names = |there: bool| {
        let names: Vec<_> =
            parts.iter().filter(|part| part.there == there).map(|part| escape(&part.name)).collect();
        if names.is_empty() { "nothing".into() } else { names.join(", ") }
    };
    let arrows: Vec<_> =
        arrows.iter().map(|Arrow { who, whom, words, .. }| format!("{who} {words} ({whom}). ")).collect();
    format!(
        r#"<p class="hint">There now: {}. Not yet: {}. {}</p>"#,
        names(true),
        names(false),
        arrows.concat().trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::scene::Actor;

    #[test]
    fn what_is_not_built_is_said_to_be_missing_and_has_no_arrows() {
        let scene =
            Scene { actors: vec![Actor { name: "Admin".into(), ..Actor::default() }], ..Scene::default() };
        let html = html(&scene, &vec![vec![None; Deed::ALL.len()]], &Built::default());
        assert!(html.contains("There now: Admin. Not yet: secure-bucket-admin"), "{html}");
        assert!(!html.contains("class=\"arrow"), "{html}");
    }

    #[test]
    fn an_arrow_says_what_one_may_and_else_what_one_may_not() {
        let arrows = |read: bool| {
            arrows(move |name: &str, deed| (name == "authorized-users" && deed == Deed::Read).then_some(read))
        };
        assert_eq!(arrows(true)[0].words, "may read");
        let refused = arrows(false);
        assert_eq!(
            (refused[0].words.as_str(), refused[0].allowed, refused.len()),
            ("may not read", false, 1)
        );
    }
}
