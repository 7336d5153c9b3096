//! How the people of a scene look: a letter, a colour, a name.

use policy::scene::{Actor, Scene};

/// The class that gives somebody their colour; personas of the walk have their own, everybody else one for all.
pub(crate) fn class(name: &str) -> &'static str {
    match name {
        "Admin" => "persona-admin",
        "secure-bucket-admin" => "persona-bucket-admin",
        "secure-key-admin" => "persona-key-admin",
        "authorized-users" => "persona-users",
        _ => "persona-other",
    }
}

/// The letter on somebody's marker: the walk's personas have theirs, the others are numbered.
pub(crate) fn letter(scene: &Scene, actor: &Actor) -> String {
    let known = |name: &str| match name {
        "Admin" => Some("A"),
        "secure-bucket-admin" => Some("B"),
        "secure-key-admin" => Some("K"),
        "authorized-users" => Some("U"),
        _ => None,
    };
    known(&actor.name).map_or_else(
        || {
            let before = scene.actors.iter().take_while(|other| *other != actor);
            (before.filter(|other| known(&other.name).is_none()).count() + 1).to_string()
        },
        Into::into,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_person_has_a_letter_of_their_own() {
        let actor = |name: &str| Actor { name: name.into(), ..Actor::default() };
        let names = [
            "Admin",
            "secure-bucket-admin",
            "log-writer",
            "secure-key-admin",
            "authorized-users",
            "other-team",
        ];
        let scene = Scene { actors: names.map(actor).to_vec(), ..Scene::default() };
        let letters: Vec<_> = scene.actors.iter().map(|actor| letter(&scene, actor)).collect();
        assert_eq!(letters, ["A", "B", "1", "K", "U", "2"]);
    }
}
