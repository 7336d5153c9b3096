//! EC2 instances, as far as access control sees them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Account, InstanceProfile, Timestamp};

/// How long a terminated instance can still be described, in seconds: about an hour (EC2 User Guide, `terminating-instances`).
const SHOWN_AFTER_END: Timestamp = 60 * 60;

/// The instance profile of an instance: one made anew under the same name is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRef {
    /// Profile name.
    pub name: String,
    /// `AIPA…`.
    pub id: String,
    /// `iip-assoc-…`: the association of profile and instance. Empty for those of earlier versions.
    #[serde(default)]
    pub association: String,
    /// When they were associated.
    #[serde(default)]
    pub since: Timestamp,
}

/// An EC2 instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// `i-` and 17 hexadecimal digits.
    pub id: String,
    /// AMI id as asked for.
    pub image_id: String,
    /// Instance type as asked for.
    pub instance_type: String,
    /// Its instance profile.
    pub profile: Option<ProfileRef>,
    /// When it was launched, or last started.
    pub launched: Timestamp,
    /// Whether it was terminated.
    pub terminated: bool,
    /// When it was terminated.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// Whether it is stopped.
    #[serde(default)]
    pub stopped: bool,
    /// Reservation id.
    pub reservation_id: String,
    /// Its place among the instances of one launch, from 0.
    #[serde(default)]
    pub launch_index: usize,
    /// `ClientToken` of the launch: the same launch asked for twice happens once.
    pub client_token: Option<String>,
    /// Tags by key.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// How its metadata service answers.
    #[serde(default)]
    pub metadata: MetadataOptions,
}

/// How the metadata service of an instance answers (EC2 API Reference, `InstanceMetadataOptionsRequest`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetadataOptions {
    /// `HttpEndpoint`: whether it answers at all.
    pub enabled: bool,
    /// `HttpTokens`: whether a session token is required, so that there is no IMDSv1.
    pub tokens_required: bool,
    /// `HttpPutResponseHopLimit`, 1 to 64. Kept and told: there is no network here whose hops could be counted.
    pub hop_limit: u8,
    /// `InstanceMetadataTags`: whether it tells the instance's tags.
    pub tags: bool,
}

impl Default for MetadataOptions {
    /// Those of images that ask for IMDSv2, such as Amazon Linux 2023.
    fn default() -> Self {
        Self { enabled: true, tokens_required: true, hop_limit: 2, tags: false }
    }
}

/// State of an instance. Changes are over as soon as they are answered, so there are none in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceState {
    /// `running`.
    Running,
    /// `stopped`.
    Stopped,
    /// `terminated`.
    Terminated,
}

impl Instance {
    /// Its state.
    pub fn state(&self) -> InstanceState {
        match (self.terminated, self.stopped) {
            (true, _) => InstanceState::Terminated,
            (false, true) => InstanceState::Stopped,
            (false, false) => InstanceState::Running,
        }
    }

    /// Whether it was terminated so long ago that EC2 does not know it any more.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.terminated && self.ended.unwrap_or(self.launched) + SHOWN_AFTER_END <= now
    }

    /// The id of the association with its profile.
    pub fn association_id(&self) -> Option<String> {
        let profile = self.profile.as_ref().filter(|_| !self.terminated)?;
        Some(match profile.association.is_empty() {
            false => profile.association.clone(),
            true => format!("iip-assoc-{}", self.id.trim_start_matches("i-")),
        })
    }
}

impl Account {
    /// The profile that this instance has, if it still exists.
    pub fn profile_of(&self, instance: &Instance) -> Option<&InstanceProfile> {
        let named = instance.profile.as_ref()?;
        let profile = self.instance_profiles.get(&named.name)?;
        (profile.id == named.id).then_some(profile)
    }

    /// The instance with this id, unless it is gone.
    pub fn instance(&self, id: &str, now: Timestamp) -> Option<&Instance> {
        self.instances.get(id).map(AsRef::as_ref).filter(|instance| !instance.is_gone(now))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A row as version 0.1.0 wrote it.
    const EARLIER: &str = r#"{"id": "i-0123456789abcdef0", "image_id": "ami-1", "instance_type": "t3.micro", "launched": 1000,
        "profile": {"name": "p", "id": "AIPA1"}, "terminated": false, "reservation_id": "r-1", "client_token": null}"#;

    #[test]
    fn an_instance_of_an_earlier_version_is_as_it_was() {
        let instance: Instance = serde_json::from_str(EARLIER).unwrap();
        assert_eq!(instance.state(), InstanceState::Running);
        assert!(instance.metadata.tokens_required, "its metadata service required a token all along");
        assert_eq!(instance.association_id().unwrap(), "iip-assoc-0123456789abcdef0");
    }

    #[test]
    fn a_terminated_instance_is_gone_after_an_hour() {
        let running: Instance = serde_json::from_str(EARLIER).unwrap();
        assert!(!running.is_gone(1_000_000));
        let ended = Instance { terminated: true, ended: Some(5_000), ..running };
        assert_eq!((ended.is_gone(8_599), ended.is_gone(8_600)), (false, true));
        assert_eq!(ended.association_id(), None);
        // When one of an earlier version ended is not known.
        let earlier = Instance { ended: None, ..ended };
        assert_eq!((earlier.is_gone(4_599), earlier.is_gone(4_600)), (false, true));
    }
}
