//! Who may do what, as a table: a row for each deed, a column for each person.

use super::{
    html::escape,
    icon::{Icon, glyph},
    people,
};
use policy::{
    call::Lane,
    scene::{Answered, Deed, Matrix, Scene},
};
use std::fmt::Write as _;

/// The table. Answers that differ from those `before` are marked, and say what they were.
pub(crate) fn html(scene: &Scene, matrix: &Matrix, before: &Matrix) -> String {
    let mut html = String::from(
        r#"<table class="matrix"><caption class="visually-hidden">Who may do what</caption><thead><tr><th scope="col">Call</th>"#,
    );
    // Writing to a `String` cannot fail.
    for actor in &scene.actors {
        let _ = write!(
            html,
            r#"<th scope="col"><span class="chip {}"><span class="letter" aria-hidden="true">{}</span>{}</span></th>"#,
            people::class(&actor.name),
            escape(&people::letter(scene, actor)),
            escape(&actor.name)
        );
    }
    html.push_str("</tr></thead><tbody>");
    let unknown = scene.unknown_keys().join(" or ");
    for (column, deed) in Deed::ALL.into_iter().enumerate() {
        let operation = deed.operation();
        let _ = write!(
            html,
            r#"<tr><th scope="row">{} <code>{}:{}</code></th>"#,
            deed.title(),
            operation.service,
            operation.name
        );
        for (row, actor) in scene.actors.iter().enumerate() {
            let answer = answer(matrix, row, column);
            html.push_str(&cell(&actor.name, answer, self::answer(before, row, column), &unknown));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    html
}

/// What changed, in a sentence for a status line; empty when nothing did.
pub(crate) fn changes(scene: &Scene, matrix: &Matrix, before: &Matrix) -> String {
    let mut said = Vec::new();
    for (row, actor) in scene.actors.iter().enumerate() {
        for (column, deed) in Deed::ALL.into_iter().enumerate() {
            let (now, then) = (answer(matrix, row, column), answer(before, row, column));
            if let (Some(now), Some(then)) = (now, then)
                && now.allowed != then.allowed
            {
                let word = if now.allowed { "now allowed" } else { "now refused" };
                said.push(format!("{}, {}: {word}", actor.name, deed.title().to_ascii_lowercase()));
            }
        }
    }
    match said.len() {
        0 => String::new(),
        1 => format!("One answer changes. {}.", said.join("; ")),
        // A status line that is read aloud must end some time.
        many @ 2..=6 => format!("{many} answers change. {}.", said.join("; ")),
        many => {
            format!("{many} answers change, among them {}.", said.get(..6).unwrap_or_default().join("; "))
        }
    }
}

fn answer(matrix: &Matrix, row: usize, column: usize) -> Option<&Answered> {
    matrix.get(row)?.get(column)?.as_ref()
}

fn cell(name: &str, now: Option<&Answered>, then: Option<&Answered>, unknown: &str) -> String {
    let Some(now) = now else {
        return format!(r#"<td data-label="{}" class="is-none">no key yet</td>"#, escape(name));
    };
    let changed = then.is_some_and(|then| then.allowed != now.allowed);
    let (class, icon, word) = match (now.allowed, now.explicit) {
        (true, _) => ("is-ok", Icon::Allows, "Allowed"),
        (false, true) => ("is-refused", Icon::Denies, "Denied"),
        (false, false) => ("is-refused", Icon::Silent, "Not allowed"),
    };
    let by = now.decided_by.map_or("", by);
    let was = match changed {
        true if now.allowed => r#"<span class="was">was refused</span>"#,
        true => r#"<span class="was">was allowed</span>"#,
        false => "",
    };
    let depends = match now.hangs {
        true => format!(r#"<span class="depends">depends on {}</span>"#, escape(unknown)),
        false => String::new(),
    };
    format!(
        r#"<td data-label="{}" class="{class}{}"><span class="matrix-word">{}{word}</span><span class="matrix-by" title="{}">{by}</span>{was}{depends}</td>"#,
        escape(name),
        if changed { " is-changed" } else { "" },
        glyph(icon),
        escape(now.action),
    )
}

const fn by(lane: Lane) -> &'static str {
    match lane {
        Lane::Iam => "by IAM",
        Lane::Bucket => "by the bucket policy",
        Lane::Key => "by the key policy",
        Lane::Trust => "by the trust policy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::{
        lint::Kind,
        scene::{Actor, Locks, SceneDocument},
    };

    fn scene() -> Scene {
        Scene { actors: vec![Actor { name: "a<b".into(), ..Actor::default() }], ..Scene::default() }
    }

    fn row(allowed: bool) -> Matrix {
        let answered = Answered {
            allowed,
            explicit: false,
            action: "kms:Decrypt",
            decided_by: Some(Lane::Key),
            open: Locks::default(),
            hangs: false,
        };
        let mut row = vec![None; Deed::ALL.len()];
        row[0] = Some(answered);
        vec![row]
    }

    #[test]
    fn an_answer_that_changes_says_what_it_was() {
        let html = html(&scene(), &row(false), &row(true));
        assert!(
            html.contains("Not allowed")
                && html.contains("was allowed")
                && html.contains("by the key policy"),
            "{html}"
        );
        assert!(html.contains("a&lt;b") && !html.contains("a<b"), "{html}");
        let same = super::html(&scene(), &row(false), &row(false));
        assert!(!same.contains("was allowed") && !same.contains("depends"), "{same}");
    }

    #[test]
    fn an_answer_that_hangs_on_what_is_not_known_says_on_what() {
        let policy = SceneDocument {
            id: "bucket-policy".into(),
            kind: Kind::Bucket,
            name: "bucket policy".into(),
            arn: None,
            text: r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}"#
                .into(),
        };
        let scene = Scene { documents: vec![policy], ..scene() };
        let mut hanging = row(false);
        hanging[0][0].as_mut().unwrap().hangs = true;
        let html = html(&scene, &hanging, &row(false));
        assert!(html.contains("depends on aws:SourceIp"), "{html}");
    }

    #[test]
    fn changes_are_told_in_a_sentence() {
        assert_eq!(changes(&scene(), &row(true), &row(true)), "");
        assert_eq!(
            changes(&scene(), &row(true), &row(false)),
            "One answer changes. a<b, read an object: now allowed."
        );
    }
}
