//! The three policies as three circles, and everybody where the policies put them: in all three, who may.

use super::{html::escape, people};
use policy::scene::{Answered, Deed, Locks, Matrix, Scene};
use std::fmt::Write as _;

/// Radius of a person's marker, and how far apart two of them are, in units of the picture.
const MARKER: i32 = 20;
const APART: i32 = 44;

/// Where somebody's marker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The id of the marker's element.
    pub(crate) id: String,
    /// Its place, as the value of the attribute `transform`.
    pub(crate) transform: String,
}

/// The middle of each region of the picture, which is 640 by 470 units large.
const fn region(open: Locks) -> (i32, i32) {
    match (open.iam, open.bucket, open.key) {
        (true, true, true) => (320, 228),
        (true, true, false) => (320, 108),
        (true, false, true) => (212, 288),
        (false, true, true) => (428, 288),
        (true, false, false) => (165, 130),
        (false, true, false) => (475, 130),
        (false, false, true) => (320, 396),
        (false, false, false) => (560, 425),
    }
}

/// What everybody's policies say to a deed: who they are, and their answer, if there is one.
fn answers(scene: &Scene, matrix: &Matrix, deed: Deed) -> Vec<(usize, Answered)> {
    let column = Deed::ALL.into_iter().position(|known| known == deed);
    (0..scene.actors.len()).filter_map(|row| Some((row, matrix.get(row)?.get(column?)?.clone()?))).collect()
}

/// Where everybody stands. Those of one region stand side by side around its middle, three in a line.
pub(crate) fn places(scene: &Scene, matrix: &Matrix, deed: Deed, id: &str) -> Vec<Place> {
    let answers = answers(scene, matrix, deed);
    let mut placed = Vec::new();
    for (at, (row, answered)) in answers.iter().enumerate() {
        let same = |other: &&(usize, Answered)| other.1.open == answered.open;
        let among = answers.iter().filter(same).count();
        let before = answers.iter().take(at).filter(same).count();
        let (line, in_line) = (before / 3, before % 3);
        let lines = among.div_ceil(3);
        let length = (among - line * 3).min(3);
        let centre = |count: usize, index: usize| {
            let (count, index) = (i32::try_from(count).unwrap_or(1), i32::try_from(index).unwrap_or(0));
            (2 * index - (count - 1)) * APART / 2
        };
        let (x, y) = region(answered.open);
        placed.push(Place {
            id: format!("{id}-{row}"),
            transform: format!("translate({} {})", x + centre(length, in_line), y + centre(lines, line)),
        });
    }
    placed
}

/// The picture with its legend, which says in words what the picture shows. `id` is unique in the page.
pub(crate) fn html(scene: &Scene, matrix: &Matrix, deed: Deed, id: &str) -> String {
    let mut html = String::from(
        r#"<svg class="venn" viewBox="0 0 640 470" aria-hidden="true" focusable="false"><circle class="venn-iam" cx="235" cy="170" r="150"/><circle class="venn-bucket" cx="405" cy="170" r="150"/><circle class="venn-key" cx="320" cy="310" r="150"/><text class="venn-name venn-left" x="6" y="36">IAM policy</text><text class="venn-name venn-right" x="634" y="36">Bucket policy</text><text class="venn-name" x="104" y="440">Key policy</text><text class="venn-name venn-outside" x="560" y="396">in none</text>"#,
    );
    // Writing to a `String` cannot fail.
    for (place, (row, _)) in places(scene, matrix, deed, id).iter().zip(answers(scene, matrix, deed)) {
        let Some(actor) = scene.actors.get(row) else { continue };
        let _ = write!(
            html,
            r#"<g id="{}" class="venn-person {}" transform="{}"><circle r="{MARKER}"/><text y="8">{}</text></g>"#,
            escape(&place.id),
            people::class(&actor.name),
            place.transform,
            escape(&people::letter(scene, actor))
        );
    }
    let _ = write!(
        html,
        r#"</svg><ul class="venn-legend" id="{id}-legend">{}</ul>"#,
        legend(scene, matrix, deed)
    );
    html
}

/// One line for everybody: whether they may, and which policies let them.
pub(crate) fn legend(scene: &Scene, matrix: &Matrix, deed: Deed) -> String {
    let mut html = String::new();
    for (row, answered) in answers(scene, matrix, deed) {
        let Some(actor) = scene.actors.get(row) else { continue };
        let _ = write!(
            html,
            r#"<li><span class="letter {}" aria-hidden="true">{}</span><span><strong>{}</strong> {}</span></li>"#,
            people::class(&actor.name),
            escape(&people::letter(scene, actor)),
            escape(&actor.name),
            words(&answered)
        );
    }
    html
}

/// Whether somebody may, and which of the policies stand in the way.
fn words(answered: &Answered) -> String {
    if answered.allowed {
        return "may: nothing stands in the way".into();
    }
    let open = answered.open;
    let shut: Vec<&str> =
        [(open.iam, "IAM"), (open.bucket, "the bucket policy"), (open.key, "the key policy")]
            .into_iter()
            .filter_map(|(open, name)| (!open).then_some(name))
            .collect();
    match shut.as_slice() {
        [] => "may not".into(),
        [one] => format!("may not: {one} alone stands in the way"),
        [rest @ .., last] => format!("may not: {} and {last} stand in the way", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::{call::Lane, scene::Actor};

    fn scene(people: usize) -> Scene {
        let actors = (0..people).map(|at| Actor { name: format!("role-{at}"), ..Actor::default() }).collect();
        Scene { actors, ..Scene::default() }
    }

    fn all(people: usize, open: Locks) -> Matrix {
        let answered = Answered {
            allowed: open.all(),
            explicit: false,
            action: "",
            decided_by: Some(Lane::Iam),
            open,
            hangs: false,
        };
        vec![vec![Some(answered); Deed::ALL.len()]; people]
    }

    #[test]
    fn no_two_people_stand_in_one_place_and_one_alone_stands_in_the_middle() {
        let open = Locks { iam: true, bucket: true, key: true };
        let one = places(&scene(1), &all(1, open), Deed::Read, "v");
        assert_eq!(one[0], Place { id: "v-0".into(), transform: "translate(320 228)".into() });
        let five = places(&scene(5), &all(5, open), Deed::Read, "v");
        for (at, place) in five.iter().enumerate() {
            assert!(five.iter().skip(at + 1).all(|other| other.transform != place.transform), "{five:?}");
        }
    }

    #[test]
    fn the_legend_says_what_stands_in_the_way() {
        let shut = Locks { iam: true, bucket: true, key: false };
        let html = html(&scene(1), &all(1, shut), Deed::Write, "v");
        assert!(html.contains("may not: the key policy alone stands in the way"), "{html}");
        let open = Locks { iam: true, bucket: true, key: true };
        assert!(legend(&scene(1), &all(1, open), Deed::Write).contains("may: nothing stands in the way"));
    }
}
