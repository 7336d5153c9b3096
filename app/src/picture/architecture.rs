//! What has been built so far and who may do what with it: the walk's parts and the arrows between them.

use super::{html::escape, people};
use policy::scene::{Deed, Matrix, Scene, answer};
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

/// An arrow of the picture, with what it says above its end, which is level: no line runs through words.
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
/// So many letters fit between two boxes.
const LETTERS: usize = 17;

/// The picture, and in words what it shows.
pub(crate) fn html(scene: &Scene, matrix: &Matrix, built: &Built) -> String {
    let may = |name: &str, deed: Deed| answer(scene, matrix, name, deed).map(|answered| answered.allowed);
    let parts = parts(scene, built);
    let arrows = arrows(may);
    let mut html = String::from(
        r#"<p class="hint picture-hint">Scroll the picture sideways to see all of it.</p><div class="picture-box" tabindex="0" role="group" aria-label="Picture of the lab"><svg class="architecture" viewBox="0 0 874 306" aria-hidden="true" focusable="false"><defs><marker id="arrow-yes" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>"#,
    );
    if built.instance.is_some() {
        html.push_str(r#"<path class="acts-as" d="M802 246V60"/>"#);
    }
    // Writing to a `String` cannot fail.
    for Arrow { from, to, words, allowed, .. } in &arrows {
        let _ = write!(
            html,
            r#"<g class="arrow {}"><path d="M{} {}V{}H{}"{}/>"#,
            if *allowed { "is-allowed" } else { "is-refused" },
            from.0,
            from.1,
            to.1,
            to.0,
            if *allowed { r#" marker-end="url(#arrow-yes)""# } else { "" },
        );
        let x = i32::midpoint(from.0, to.0);
        let mut y = to.1 + 9;
        for line in lines(words).iter().rev() {
            y -= 17;
            let _ = write!(html, r#"<text x="{x}" y="{y}">{}</text>"#, escape(line));
        }
        html.push_str("</g>");
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
    html.push_str(&words(&parts, &arrows, built));
    html
}

/// Words in lines that fit between two boxes.
fn lines(words: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= LETTERS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn parts(scene: &Scene, built: &Built) -> Vec<Part> {
    let role = |name: &str| scene.actors.iter().any(|actor| actor.name == name);
    let written = |id: &str| scene.document(id).is_some_and(|document| !document.text.trim().is_empty());
    let part = |x, y, name: &str, what, class, there| Part { x, y, name: name.into(), what, class, there };
    let instance = built.instance.clone();
    vec![
        part(2, 2, "Admin", "turns the IAM lock", people::class("Admin"), role("Admin")),
        part(
            2,
            74,
            "secure-bucket-admin",
            "turns the bucket's lock",
            people::class("secure-bucket-admin"),
            role("secure-bucket-admin"),
        ),
        part(
            2,
            246,
            "secure-key-admin",
            "turns the key's lock",
            people::class("secure-key-admin"),
            role("secure-key-admin"),
        ),
        part(342, 2, "bucket", "holds the objects", "part-bucket", built.bucket),
        part(342, 60, "bucket policy", "only denies uploads", "part-bucket", written("bucket-policy")),
        part(342, 182, "KMS key", "encrypts the objects", "part-key", scene.key_arn.is_some()),
        part(342, 240, "key policy", "says who may use it", "part-key", written("key-policy")),
        part(
            682,
            2,
            "authorized-users",
            "a role",
            people::class("authorized-users"),
            role("authorized-users"),
        ),
        Part {
            x: 682,
            y: 246,
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
    arrow(admin, "the bucket", (192, 40), (342, 40), &[("read", Deed::Read)], &[]);
    arrow(
        bucket_admin,
        "the bucket policy",
        (192, 103),
        (342, 103),
        &[("change it", Deed::ChangeBucketPolicy)],
        &[("read", Deed::Read), ("delete", Deed::Delete)],
    );
    arrow(
        key_admin,
        "the key policy",
        (192, 275),
        (342, 275),
        &[("change it", Deed::ChangeKeyPolicy)],
        &[("decrypt", Deed::Decrypt), ("make data keys", Deed::DataKey)],
    );
    let data = [("read", Deed::Read), ("write", Deed::Write)];
    arrow(users, "the bucket", (682, 40), (532, 40), &data, &[]);
    arrow(
        users,
        "the key",
        (722, 60),
        (532, 211),
        &[("use the key", Deed::Decrypt)],
        &[("change it", Deed::ChangeKeyPolicy)],
    );
    arrows
}

/// The same in words, for those who do not see the picture and those who want to be sure.
fn words(parts: &[Part], arrows: &[Arrow], built: &Built) -> String {
    let names = |there: bool| {
        let names: Vec<_> =
            parts.iter().filter(|part| part.there == there).map(|part| escape(&part.name)).collect();
        if names.is_empty() { "nothing".into() } else { names.join(", ") }
    };
    let acts = built.instance.as_ref().map(|id| format!("{} acts as authorized-users. ", escape(id)));
    let arrows: Vec<_> =
        arrows.iter().map(|Arrow { who, whom, words, .. }| format!("{who} {words} ({whom}). ")).collect();
    format!(
        r#"<p class="hint">There now: {}. Not yet: {}. {}{}</p>"#,
        names(true),
        names(false),
        acts.unwrap_or_default(),
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
    fn the_instance_is_tied_to_its_role_once_it_runs() {
        let built = Built { instance: Some("i-1".into()), ..Built::default() };
        let html = html(&Scene::default(), &Matrix::default(), &built);
        assert!(
            html.contains("class=\"acts-as\"") && html.contains("i-1 acts as authorized-users."),
            "{html}"
        );
    }

    #[test]
    fn what_an_arrow_says_fits_between_the_boxes() {
        assert_eq!(lines("may read, write"), ["may read, write"]);
        assert_eq!(
            lines("may change it, decrypt, make data keys"),
            ["may change it,", "decrypt, make", "data keys"]
        );
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
