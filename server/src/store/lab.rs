//! Labs and the drafts of their forms.

use super::{Beyond, Store, StoreError, json};
use app::console::{Draft, ListingId, Listings, Persona, WorkReport};
use sandbox::store::sql::{Sql, sql};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Names a lab; random, so that it cannot be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LabId(String);

impl LabId {
    /// A new one.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().to_string())
    }

    /// As stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a lab has built and who it acts as. Holds no credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabState {
    /// Its name in the database and in the session.
    pub id: LabId,
    /// 12 digits.
    pub account_id: String,
    /// Printed or corrected, as chosen at the start.
    pub listings: Listings,
    /// The bucket's name.
    pub bucket: String,
    /// The key's ARN, once made.
    pub key_arn: Option<String>,
    /// Its alias without `alias/`, once made.
    pub key_alias: Option<String>,
    /// Whether the key policy names authorized-users as a key user; `None` before there is a key.
    pub key_user_present: Option<bool>,
    /// The instance, once launched.
    pub instance_id: Option<String>,
    /// Who the session acts as.
    pub acting: Persona,
    /// ARNs of the IAM policies made in step 1, by [`ListingId::name`].
    pub policies: BTreeMap<String, String>,
    /// What has happened, for the list of steps done: form ids, and the marks of [`tutorial::steps`](crate::tutorial::steps).
    pub marks: BTreeSet<String>,
    /// Terminal entries up to this one were cleared away.
    pub cleared_before: i64,
    /// When each persona made its newest call, Unix time in milliseconds.
    #[serde(default)]
    pub last_used: BTreeMap<Persona, i64>,
    /// Who the session acts as otherwise, when `acting` is that of one tab or form: this is what is kept.
    #[serde(skip)]
    pub elsewhere: Option<Persona>,
    /// The spelling chosen for single listings, by [`ListingId::name`]; the others have [`LabState::listings`].
    #[serde(default)]
    pub spellings: BTreeMap<String, Listings>,
    /// What became of the newest work that was done for the person.
    #[serde(default)]
    pub report: Option<WorkReport>,
    /// Id of the administrator's access key that was made for a shell of the person's own.
    #[serde(default)]
    pub own_access_key: Option<String>,
    /// Scenarios and checks. Labs from before there were any have none.
    #[serde(default)]
    pub beyond: Beyond,
}

impl LabState {
    /// A lab in which nothing was done yet.
    pub fn new(account_id: String, listings: Listings, bucket: String) -> Self {
        Self {
            id: LabId::random(),
            account_id,
            listings,
            bucket,
            key_arn: None,
            key_alias: None,
            key_user_present: None,
            instance_id: None,
            acting: Persona::Admin,
            policies: BTreeMap::new(),
            marks: BTreeSet::new(),
            cleared_before: 0,
            last_used: BTreeMap::new(),
            elsewhere: None,
            spellings: BTreeMap::new(),
            report: None,
            own_access_key: None,
            beyond: Beyond::default(),
        }
    }

    /// How a listing is spelled in this lab. Listing 4 names the lab's own key unless it was asked for as printed: the tutorial
    /// tells its reader to put the key's ARN in, and the example would be no more than a mistake in following it.
    pub fn spelling(&self, listing: ListingId) -> Listings {
        let chosen = self.spellings.get(listing.name()).copied();
        chosen.unwrap_or(match listing {
            ListingId::BucketPolicy => Listings::Corrected,
            _ => self.listings,
        })
    }

    /// The ARN of the IAM policy made from a listing; the name the tutorial gives it until one was made.
    pub fn policy_arn(&self, listing: ListingId) -> String {
        self.policies
            .get(listing.name())
            .cloned()
            .unwrap_or_else(|| format!("arn:aws:iam::{}:policy/{}", self.account_id, listing.name()))
    }

    /// The ARN of one of the account's roles.
    pub fn role_arn(&self, role: &str) -> String {
        format!("arn:aws:iam::{}:role/{role}", self.account_id)
    }
}

/// Writes what changed in a lab. In a transaction it comes first: PostgreSQL lets no other in from there on.
pub(super) fn saving(lab: &LabState) -> Result<Sql, StoreError> {
    let state = match lab.elsewhere {
        Some(acting) => serde_json::to_string(&LabState { acting, ..lab.clone() })?,
        None => serde_json::to_string(lab)?,
    };
    Ok(sql("UPDATE labs SET state = $1 WHERE id = $2").bind(&state).bind(lab.id.as_str()))
}

impl Store {
    /// Writes a new lab. `now` is Unix time in seconds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn create_lab(&self, lab: &LabState, now: i64) -> Result<(), StoreError> {
        let state = serde_json::to_string(lab)?;
        let insert = sql("INSERT INTO labs (id, started_at, state) VALUES ($1, $2, $3)");
        insert.bind(lab.id.as_str()).bind(now).bind(&state).run(self.on()).await?;
        Ok(())
    }

    /// Writes what changed in a lab.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn save_lab(&self, lab: &LabState) -> Result<(), StoreError> {
        saving(lab)?.run(self.on()).await?;
        Ok(())
    }

    /// A lab; `None` if there is none of that id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn lab(&self, id: &LabId) -> Result<Option<LabState>, StoreError> {
        self.read_one(sql("SELECT state FROM labs WHERE id = $1").bind(id.as_str())).await
    }

    /// Every lab.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn labs(&self) -> Result<Vec<LabState>, StoreError> {
        self.read(sql("SELECT state FROM labs ORDER BY started_at, id")).await
    }

    /// Notes that nobody works on a lab any more, before its account goes: if the process ends meanwhile, the next one knows.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn leave_lab(&self, id: &LabId, now: i64) -> Result<(), StoreError> {
        sql("UPDATE labs SET left_at = $1 WHERE id = $2").bind(now).bind(id.as_str()).run(self.on()).await?;
        Ok(())
    }

    /// The labs that nobody works on any more and that are still there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn left_labs(&self) -> Result<Vec<LabState>, StoreError> {
        self.read(sql("SELECT state FROM labs WHERE left_at IS NOT NULL ORDER BY left_at, id")).await
    }

    /// Removes a lab with everything that belongs to it, its credentials among them.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_lab(&self, id: &LabId) -> Result<(), StoreError> {
        sql("DELETE FROM labs WHERE id = $1").bind(id.as_str()).run(self.on()).await?;
        Ok(())
    }

    /// Keeps what was typed into a form.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep_draft(&self, lab: &LabId, form_id: &str, draft: &Draft) -> Result<(), StoreError> {
        let draft = serde_json::to_string(draft)?;
        let put = sql("INSERT INTO drafts (lab_id, form_id, draft) VALUES ($1, $2, $3) \
                       ON CONFLICT (lab_id, form_id) DO UPDATE SET draft = excluded.draft");
        put.bind(lab.as_str()).bind(form_id).bind(&draft).run(self.on()).await?;
        Ok(())
    }

    /// Forgets what was typed into a form.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn drop_draft(&self, lab: &LabId, form_id: &str) -> Result<(), StoreError> {
        let removed = sql("DELETE FROM drafts WHERE lab_id = $1 AND form_id = $2");
        removed.bind(lab.as_str()).bind(form_id).run(self.on()).await?;
        Ok(())
    }

    /// Forgets what was wrong with the lab's forms, but not what was typed into them: a refusal was another role's.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn clear_problems(&self, lab: &LabId) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let kept = sql("SELECT draft, form_id FROM drafts WHERE lab_id = $1").bind(lab.as_str());
        for row in kept.rows(transaction.on()).await? {
            let draft = Draft { problem: None, ..json(&row)? };
            let form_id: String = row.get(1)?;
            let update = sql("UPDATE drafts SET draft = $1 WHERE lab_id = $2 AND form_id = $3");
            let update = update.bind(&serde_json::to_string(&draft)?).bind(lab.as_str()).bind(&form_id);
            update.run(transaction.on()).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What was typed into a form and did not succeed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn draft(&self, lab: &LabId, form_id: &str) -> Result<Option<Draft>, StoreError> {
        let kept = sql("SELECT draft FROM drafts WHERE lab_id = $1 AND form_id = $2");
        self.read_one(kept.bind(lab.as_str()).bind(form_id)).await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{LabId, LabState};
    use crate::store::Store;
    use app::console::{Draft, ListingId, Listings};

    #[test]
    fn a_lab_written_by_an_earlier_version_loads_and_has_the_spelling_chosen_at_its_start() {
        let lab = LabState::new("111122223333".into(), Listings::Printed, "secure-demo".into());
        let mut row = serde_json::to_value(&lab).unwrap();
        row.as_object_mut().unwrap().retain(|field, _| field != "spellings" && field != "report");
        let mut read: LabState = serde_json::from_value(row).unwrap();
        assert_eq!(read, lab);
        assert_eq!(read.spelling(ListingId::KeyAdmin), Listings::Printed);
        assert_eq!(read.spelling(ListingId::BucketPolicy), Listings::Corrected);
        read.spellings.insert(ListingId::KeyAdmin.name().into(), Listings::Corrected);
        assert_eq!(read.spelling(ListingId::KeyAdmin), Listings::Corrected);
    }

    #[tokio::test]
    async fn a_lab_and_its_drafts_come_back_as_written_and_go_together() {
        let store = Store::in_memory().await.unwrap();
        let mut lab = LabState::new("111122223333".into(), Listings::Printed, "secure-demo".into());
        store.create_lab(&lab, 0).await.unwrap();
        lab.marks.insert("create-bucket".into());
        store.save_lab(&lab).await.unwrap();
        assert_eq!(store.lab(&lab.id).await.unwrap(), Some(lab.clone()));
        assert_eq!(store.lab(&LabId::random()).await.unwrap(), None);

        let draft = Draft { values: vec![("name".into(), "B".into())], problem: None };
        store.keep_draft(&lab.id, "create-bucket", &Draft::default()).await.unwrap();
        store.keep_draft(&lab.id, "create-bucket", &draft).await.unwrap();
        assert_eq!(store.draft(&lab.id, "create-bucket").await.unwrap(), Some(draft.clone()));
        let refused = Draft { problem: Some((String::new(), "refused".into())), ..draft.clone() };
        store.keep_draft(&lab.id, "create-bucket", &refused).await.unwrap();
        store.clear_problems(&lab.id).await.unwrap();
        assert_eq!(store.draft(&lab.id, "create-bucket").await.unwrap(), Some(draft));
        store.remove_lab(&lab.id).await.unwrap();
        assert_eq!(store.draft(&lab.id, "create-bucket").await.unwrap(), None);
    }
}
