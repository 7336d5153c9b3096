//! What pages read off a lab, a draft and an answer, said once.

use super::{
    Action, Answer, Check, Draft, Held, Lab, Lane, LaneSummary, ListingId, Listings, Persona, Record, StepId,
    Verdict,
};
use policy::{LaneVerdict, Outcome};

impl Lab {
    /// Whether all calls of the step have succeeded, or for tests 2 and 4 failed as they must.
    pub fn is_done(&self, step: StepId) -> bool {
        self.done.contains(&step)
    }

    /// Whether the form has succeeded once; its id is [`Action::form_id`]'s.
    pub fn is_form_done(&self, form_id: &str) -> bool {
        self.done_forms.iter().any(|done| done == form_id)
    }

    /// Whether the step was skipped and not done since.
    pub fn is_skipped(&self, step: StepId) -> bool {
        self.skipped.contains(&step)
    }

    /// The first step that is neither done nor skipped; `None` when the walk is complete.
    pub fn next_step(&self) -> Option<StepId> {
        StepId::ALL.into_iter().find(|step| !self.is_done(*step) && !self.is_skipped(*step))
    }

    /// How a listing is spelled in this lab.
    pub fn spelling(&self, listing: ListingId) -> Listings {
        self.spellings.iter().find(|(id, _)| *id == listing).map_or(self.listings, |(_, spelling)| *spelling)
    }

    /// The credentials held for the persona, expired or not.
    pub fn held(&self, persona: Persona) -> Option<&Held> {
        self.held.iter().find(|held| held.persona == persona)
    }
}

impl Held {
    /// Whether its credentials have ended at `now`, Unix time in seconds.
    pub fn is_expired(&self, now: i64) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

impl Draft {
    /// The value typed into the field; `None` if the draft does not have the field.
    pub fn value(&self, field: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
    }

    /// All values of a field that can be given several times, such as a group of checkboxes.
    pub fn values_of<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(name, _)| name == field).map(|(_, value)| value.as_str())
    }

    /// What is wrong with the field; with an empty name, with the form as a whole.
    pub fn problem_with(&self, field: &str) -> Option<&str> {
        self.problem.as_ref().filter(|(name, _)| name == field).map(|(_, problem)| problem.as_str())
    }
}

impl Answer {
    /// No answer.
    pub const fn none() -> Self {
        Self { status: 0, code: None, message: None, request_id: None }
    }

    /// Whether AWS did what was asked.
    pub fn succeeded(&self) -> bool {
        (200..400).contains(&self.status)
    }
}

impl Record {
    /// Service and operation as people say them: `KMS CreateKey`.
    pub fn title(&self) -> String {
        format!("{} {}", self.service.to_uppercase(), self.operation)
    }
}

impl Verdict {
    /// Which lane decided each check that AWS came to, where an allowed call has several and not one lane decided them all:
    /// the check's action and resource, and the lane. Else empty: then [`Verdict::decided_by`] says everything.
    pub fn deciders(&self) -> Vec<(&Check, Lane)> {
        let reached = || self.checks.iter().filter(|check| check.reached);
        let allowed = reached().all(|check| check.outcome == Outcome::Allowed);
        let each: Vec<_> = reached().filter_map(|check| Some((check, check.decided_by?))).collect();
        let differ = each.iter().any(|(_, lane)| Some(*lane) != each.first().map(|(_, first)| *first));
        if allowed && differ && self.decided_by.is_some() { each } else { Vec::new() }
    }

    /// The lanes a page shows side by side: the three locks always, the trust policy only where it bore on the call.
    pub fn shown_lanes(&self) -> Vec<LaneSummary> {
        let of = |lane: Lane| self.lanes.iter().find(|summary| summary.lane == lane).cloned();
        let mut shown: Vec<_> = [Lane::Iam, Lane::Bucket, Lane::Key]
            .into_iter()
            .map(|lane| {
                of(lane).unwrap_or_else(|| LaneSummary {
                    lane,
                    verdict: LaneVerdict::NotConsulted,
                    said: "This call does not consult it.".into(),
                    about: None,
                })
            })
            .collect();
        // It is shown where it was asked, and where it would have been had there been such a role.
        let asked = self.checks.iter().any(|check| check.lanes.iter().any(|lane| lane.lane == Lane::Trust));
        let bears = |trust: &LaneSummary| {
            asked || trust.verdict != LaneVerdict::NotConsulted || self.decided_by == Some(Lane::Trust)
        };
        shown.extend(of(Lane::Trust).filter(bears));
        shown
    }
}

impl Action {
    /// Form ids of the walk's forms that stand for a listing, without making an action first.
    pub fn listing_form_id(verb: &str, listing: super::ListingId) -> String {
        format!("{verb}-policy-{}", listing.name())
    }

    /// The id under which what a form has sent is kept, in the way of a draft.
    pub fn sent_form_id(form_id: &str) -> String {
        format!("sent-{form_id}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        Action, Draft, Lane, LaneSummary, ListingId, Listings, Persona, RoleName, StepId, Verdict,
    };
    use policy::LaneVerdict;

    #[test]
    fn every_name_is_read_back_as_what_it_names() {
        for persona in Persona::SWITCHABLE.into_iter().chain([Persona::Instance]) {
            assert_eq!(Persona::from_name(persona.name()), Some(persona));
        }
        for step in StepId::ALL {
            assert_eq!(StepId::from_slug(step.slug()), Some(step));
        }
        for listing in ListingId::ALL {
            assert_eq!(ListingId::from_name(listing.name()), Some(listing));
        }
        for role in RoleName::ALL {
            assert_eq!(RoleName::from_name(role.name()), Some(role));
        }
        for listings in [Listings::Corrected, Listings::Printed] {
            assert_eq!(Listings::from_name(listings.name()), Some(listings));
        }
        assert_eq!(StepId::from_slug("step-6"), None);
        assert_eq!(Persona::from_name("root"), None);
    }

    #[test]
    fn names_in_json_are_the_names_in_addresses() {
        for step in StepId::ALL {
            assert_eq!(serde_json::json!(step), step.slug());
        }
        for role in RoleName::ALL {
            assert_eq!(serde_json::json!(role), role.name());
        }
    }

    #[test]
    fn the_walk_goes_forward_and_back_through_every_step() {
        let mut step = StepId::ALL[0];
        let mut seen = 1;
        assert_eq!(step.previous(), None);
        while let Some(next) = step.next() {
            assert_eq!(next.previous(), Some(step));
            (step, seen) = (next, seen + 1);
        }
        assert_eq!(seen, StepId::ALL.len());
    }

    #[test]
    fn a_listing_form_has_the_id_of_its_action() {
        let listing = ListingId::KeyAdmin;
        let create = Action::CreatePolicy { listing, name: String::new(), document: String::new() };
        assert_eq!(Action::listing_form_id("create", listing), create.form_id());
        assert_eq!(Action::listing_form_id("correct", listing), Action::CorrectPolicy { listing }.form_id());
    }

    #[test]
    fn a_draft_gives_back_what_was_typed_and_where_it_is_wrong() {
        let draft = Draft {
            values: vec![
                ("alias".into(), "demo".into()),
                ("users".into(), "authorized-users".into()),
                ("users".into(), "secure-key-admin".into()),
            ],
            problem: Some(("alias".into(), "An alias may not start with aws/.".into())),
        };
        assert_eq!(draft.value("alias"), Some("demo"));
        assert_eq!(draft.value("description"), None);
        assert_eq!(draft.values_of("users").collect::<Vec<_>>(), ["authorized-users", "secure-key-admin"]);
        assert_eq!(draft.problem_with("alias"), Some("An alias may not start with aws/."));
        assert_eq!(draft.problem_with(""), None);
    }

    #[test]
    fn the_trust_lane_shows_only_where_it_was_consulted() {
        let lane = |lane, verdict| LaneSummary { lane, verdict, said: String::new(), about: None };
        let verdict = |lanes| Verdict {
            checks: vec![],
            lanes,
            decided_by: None,
            agrees: true,
            explanation: String::new(),
        };
        let shown = |verdict: Verdict| verdict.shown_lanes().iter().map(|lane| lane.lane).collect::<Vec<_>>();
        let three = vec![Lane::Iam, Lane::Bucket, Lane::Key];
        assert_eq!(shown(verdict(vec![])), three);
        assert_eq!(shown(verdict(vec![lane(Lane::Trust, LaneVerdict::NotConsulted)])), three);
        assert_eq!(shown(verdict(vec![lane(Lane::Trust, LaneVerdict::Silent)])), Lane::ALL);
    }
}
