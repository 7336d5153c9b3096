//! A scene as text: what a page hands to its half in the browser, which reads it without a JSON library's weight.
//!
//! One record after another, each a letter and its fields. The separators are ASCII's own for the purpose; no policy holds them, for
//! JSON forbids them in its text.

use super::{Actor, Scene, SceneDocument};
use crate::kms::{Grant, GrantConstraints};
use crate::lint::Kind;

const RECORD: char = '\u{1e}';
const FIELD: char = '\u{1f}';

impl Scene {
    /// The scene as text, for [`Scene::from_text`]: what the answers follow from.
    pub fn to_text(&self) -> String {
        let mut text = Text::default();
        let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
        let (key, default) = (or_empty(&self.key_arn), or_empty(&self.default_key));
        let bucket_keys = if self.bucket_keys { "true" } else { "" };
        let place =
            [self.account.as_str(), &self.region, &self.bucket, &self.object, &key, &default, bucket_keys];
        text.record('S', place);
        for actor in &self.actors {
            let boundary = or_empty(&actor.boundary);
            text.record('A', [&actor.name, &actor.arn, &boundary].into_iter().chain(&actor.policies));
            for (key, values) in &actor.context {
                text.record('C', [key].into_iter().chain(values));
            }
        }
        for SceneDocument { id, kind, name, arn, text: document } in &self.documents {
            let arn = or_empty(arn);
            text.record('D', [id.as_str(), kind.name(), name, &arn, document]);
        }
        for grant in &self.grants {
            let retiring = or_empty(&grant.retiring_principal);
            text.record(
                'G',
                [&grant.grant_id, &grant.grantee, &retiring].into_iter().chain(&grant.operations),
            );
            let constraints = grant.constraints.clone().unwrap_or_default();
            let (equals, subset) =
                (constraints.encryption_context_equals, constraints.encryption_context_subset);
            for (letter, pairs) in [('E', equals), ('U', subset)] {
                if let Some(pairs) = pairs {
                    text.record(letter, pairs.iter().flat_map(|(key, value)| [key, value]));
                }
            }
        }
        for (key, values) in &self.key_context {
            text.record('K', [key].into_iter().chain(values));
        }
        text.0
    }

    /// The scene that [`Scene::to_text`] wrote. What it did not write is left out.
    pub fn from_text(text: &str) -> Self {
        let mut scene = Self::default();
        for record in text.split(RECORD) {
            let mut fields = record.split(FIELD).map(str::to_owned);
            let letter = fields.next().unwrap_or_default();
            let mut next = || fields.next().unwrap_or_default();
            match letter.as_str() {
                "S" => {
                    (scene.account, scene.region) = (next(), next());
                    (scene.bucket, scene.object) = (next(), next());
                    (scene.key_arn, scene.default_key) = (some(next()), some(next()));
                    scene.bucket_keys = !next().is_empty();
                }
                "A" => {
                    let (name, arn, boundary) = (next(), next(), some(next()));
                    let policies = fields.collect();
                    scene.actors.push(Actor { name, arn, boundary, policies, context: Vec::new() });
                }
                "C" => {
                    let key = next();
                    if let Some(actor) = scene.actors.last_mut() {
                        actor.context.push((key, fields.collect()));
                    }
                }
                "D" => {
                    let (id, kind, name, arn, text) = (next(), next(), next(), some(next()), next());
                    if let Some(kind) = Kind::from_name(&kind) {
                        scene.documents.push(SceneDocument { id, kind, name, arn, text });
                    }
                }
                "K" => scene.key_context.push((next(), fields.collect())),
                "G" => {
                    let (grant_id, grantee, retiring_principal) = (next(), next(), some(next()));
                    let operations = fields.collect();
                    scene.grants.push(Grant {
                        grant_id,
                        grantee,
                        retiring_principal,
                        operations,
                        constraints: None,
                    });
                }
                "E" | "U" => {
                    let mut pairs = std::collections::BTreeMap::new();
                    while let (Some(key), Some(value)) = (fields.next(), fields.next()) {
                        pairs.insert(key, value);
                    }
                    if let Some(grant) = scene.grants.last_mut() {
                        let constraints = grant.constraints.get_or_insert_with(GrantConstraints::default);
                        match letter.as_str() {
                            "E" => constraints.encryption_context_equals = Some(pairs),
                            _ => constraints.encryption_context_subset = Some(pairs),
                        }
                    }
                }
                _ => {}
            }
        }
        scene
    }
}

fn some(field: String) -> Option<String> {
    (!field.is_empty()).then_some(field)
}

/// Records under way.
#[derive(Default)]
struct Text(String);

impl Text {
    fn record(&mut self, letter: char, fields: impl IntoIterator<Item = impl AsRef<str>>) {
        if !self.0.is_empty() {
            self.0.push(RECORD);
        }
        self.0.push(letter);
        for field in fields {
            self.0.push(FIELD);
            // A document that is being written may hold what no document that is in force can.
            self.0.extend(field.as_ref().chars().filter(|character| ![RECORD, FIELD].contains(character)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_comes_back_as_it_was() {
        let pairs = |key: &str| Some([(key.to_owned(), "v".to_owned())].into());
        let scene = Scene {
            account: "111122223333".into(),
            region: "us-east-1".into(),
            bucket: "demo".into(),
            object: "a.pdf".into(),
            key_arn: Some("arn:aws:kms:us-east-1:111122223333:key/k".into()),
            default_key: None,
            actors: vec![
                Actor {
                    name: "Admin".into(),
                    arn: "arn:aws:iam::111122223333:user/Admin".into(),
                    policies: vec!["a".into(), "b".into()],
                    boundary: Some("c".into()),
                    context: vec![
                        ("aws:username".into(), vec!["Admin".into()]),
                        ("aws:TagKeys".into(), vec![]),
                    ],
                },
                Actor { name: "nobody".into(), ..Actor::default() },
            ],
            documents: vec![SceneDocument {
                id: "a".into(),
                kind: Kind::Key,
                name: "key policy".into(),
                arn: None,
                text: "{\n  \"Sid\": \"ä\"\n}".into(),
            }],
            grants: vec![Grant {
                grant_id: "g".into(),
                grantee: "arn:aws:iam::111122223333:role/r".into(),
                retiring_principal: None,
                operations: vec!["Decrypt".into(), "Encrypt".into()],
                constraints: Some(GrantConstraints {
                    encryption_context_equals: pairs("e"),
                    encryption_context_subset: pairs("s"),
                }),
            }],
            bucket_keys: true,
            key_context: vec![("kms:ResourceAliases".into(), vec!["alias/a".into(), "alias/b".into()])],
            ..Scene::default()
        };
        assert_eq!(Scene::from_text(&scene.to_text()), scene);
        assert_eq!(Scene::from_text(""), Scene::default());
    }

    #[test]
    fn a_separator_in_a_document_does_not_break_the_record() {
        let document = |text: &str| SceneDocument {
            id: "a".into(),
            kind: Kind::Bucket,
            name: "n".into(),
            arn: None,
            text: text.into(),
        };
        let scene = Scene { documents: vec![document("x\u{1e}A\u{1f}y")], ..Scene::default() };
        assert_eq!(Scene::from_text(&scene.to_text()).documents, [document("xAy")]);
    }
}
