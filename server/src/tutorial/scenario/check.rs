//! The checks of the steps: what should work and what should not, each tried for real.

use super::{Call, KeyOf, Sse, documents::Documents};
use crate::store::LabState;
use app::console::{Lane, ListingId, Persona, RoleName, StepId, scenario::Expected};
use std::collections::BTreeMap;

/// The object that checks put and delete again.
const OBJECT: &str = "trilock-check.txt";

/// One thing to try.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What should be so.
    pub claim: String,
    /// Who tries.
    pub by: Persona,
    /// The calls, and how each should come out; empty when what they would be about is not there.
    pub calls: Vec<(Call, Expected)>,
    /// What is missing when it is otherwise, and what to do.
    pub missing: &'static str,
}

/// The documents of the policies made in step 1 as IAM holds them now.
pub type Stored = BTreeMap<&'static str, String>;

struct Probes(Vec<Probe>);

impl Probes {
    fn add(
        &mut self,
        claim: impl Into<String>,
        by: Persona,
        calls: Vec<(Call, Expected)>,
        missing: &'static str,
    ) {
        self.0.push(Probe { claim: claim.into(), by, calls, missing });
    }

    fn works(&mut self, claim: impl Into<String>, by: Persona, call: Call, missing: &'static str) {
        self.add(claim, by, vec![(call, Expected::Works(None))], missing);
    }

    fn refused(
        &mut self,
        claim: impl Into<String>,
        by: Persona,
        call: Call,
        lane: Lane,
        missing: &'static str,
    ) {
        self.add(claim, by, vec![(call, Expected::Refused(lane))], missing);
    }
}

/// What a check of the step tries. `stored` is what IAM holds of step 1's policies.
pub fn probes(lab: &LabState, region: &str, step: StepId, stored: &Stored) -> Vec<Probe> {
    let of = Documents { lab, region };
    let mut probes = Probes(Vec::new());
    match step {
        StepId::Policies => policies(&of, stored, &mut probes),
        StepId::Roles => roles(&of, &mut probes),
        StepId::Bucket => bucket(lab, &mut probes),
        StepId::Key => key(&mut probes),
        StepId::BucketPolicy => bucket_policy(&mut probes),
        StepId::Instance => instance(&mut probes),
        StepId::Test1 => encrypted_upload(&mut probes),
        StepId::Test2 => {
            unencrypted_upload(&mut probes);
            probes.add(
                "The same upload under the lab’s key passes",
                Persona::Instance,
                put_and_delete(),
                "Launch the instance, and see that authorized-users is a key user and that Listing 4 names the lab’s key.",
            );
        }
        StepId::Test3 => download(&mut probes),
        StepId::Test4 => without_key_user(&mut probes),
        StepId::Restore => {
            encrypted_upload(&mut probes);
            download(&mut probes);
            unencrypted_upload(&mut probes);
        }
    }
    probes.0
}

fn policies(of: &Documents<'_>, stored: &Stored, probes: &mut Probes) {
    let bucket = format!("arn:aws:s3:::{}", of.lab.bucket);
    let object = format!("{bucket}/anything");
    let key = of.key();
    // Listing, action, resource, whether it should be allowed, and what is missing if not.
    let cases: [(ListingId, &'static str, &str, bool, &'static str); 8] = [
        (
            ListingId::BucketAdmin,
            "s3:PutBucketPolicy",
            &bucket,
            true,
            "The Allow on s3:* is missing: create the policy with Listing 1.",
        ),
        (
            ListingId::BucketAdmin,
            "s3:GetObject",
            &object,
            false,
            "The Deny does not reach the objects. Its resource must end in /*: put the corrected Listing 1.",
        ),
        (
            ListingId::BucketAdmin,
            "s3:DeleteObject",
            &object,
            false,
            "The Deny does not reach the objects. Its resource must end in /*: put the corrected Listing 1.",
        ),
        (
            ListingId::KeyAdmin,
            "kms:CreateKey",
            "*",
            true,
            "kms:CreateKey names no key, so it needs an Allow on *: put the corrected Listing 2.",
        ),
        (
            ListingId::KeyAdmin,
            "kms:PutKeyPolicy",
            &key,
            true,
            "The Allow on the keys matches none: look for a space before the ARN, or put the corrected Listing 2.",
        ),
        (
            ListingId::KeyAdmin,
            "kms:GenerateDataKeyWithoutPlaintext",
            &key,
            false,
            "The Deny names kms:GenerateDataKey without a star: put the corrected Listing 2.",
        ),
        (
            ListingId::BucketAccess,
            "s3:PutObject",
            &object,
            true,
            "The Allow on the bucket’s objects is missing: check the bucket’s name in Listing 3.",
        ),
        (
            ListingId::BucketAccess,
            "s3:ListBucket",
            &bucket,
            true,
            "s3:ListBucket is missing: put the corrected Listing 3.",
        ),
    ];
    for (listing, action, resource, allowed, missing) in cases {
        let name = listing.name();
        let verb = if allowed { "allows" } else { "does not allow" };
        let claim = format!("The policy {name} {verb} {action} on {resource}");
        match stored.get(name) {
            Some(document) => {
                let call = Call::Simulate(document.clone(), action, resource.into(), allowed);
                probes.works(claim, Persona::Admin, call, missing);
            }
            None => probes.add(
                claim,
                Persona::Admin,
                Vec::new(),
                "Needs that policy. Create it with the form above, as Admin.",
            ),
        }
    }
}

fn roles(of: &Documents<'_>, probes: &mut Probes) {
    for role in [RoleName::SecureBucketAdmin, RoleName::SecureKeyAdmin] {
        probes.works(
            format!("Admin can assume {}", role.name()),
            Persona::Admin,
            Call::AssumeRole(role.name()),
            "Create the role with the form above. Its trust policy must name this account.",
        );
    }
    let users = RoleName::AuthorizedUsers.name();
    probes.add(
        "Admin cannot assume authorized-users, which is there",
        Persona::Admin,
        vec![
            (Call::GetRole(users), Expected::Works(None)),
            (Call::AssumeRole(users), Expected::Refused(Lane::Trust)),
        ],
        "Create the role with the form above. Its trust policy must name ec2.amazonaws.com and nobody else.",
    );
    let object = format!("arn:aws:s3:::{}/anything", of.lab.bucket);
    let bucket = format!("arn:aws:s3:::{}", of.lab.bucket);
    let cases: [(RoleName, &'static str, String); 3] = [
        (RoleName::SecureBucketAdmin, "s3:PutBucketPolicy", bucket),
        (RoleName::SecureKeyAdmin, "kms:PutKeyPolicy", of.key()),
        (RoleName::AuthorizedUsers, "s3:PutObject", object.clone()),
    ];
    for (role, action, resource) in cases {
        probes.works(
            format!("{} may {action}", role.name()),
            Persona::Admin,
            Call::SimulateRole(role.name(), action, resource, true),
            "The role is not there, or its policy is not attached, or that policy does not allow it. Attach it with the form above; the \
             check of step 1 tells about the policy.",
        );
    }
    probes.works(
        "secure-key-admin may not s3:GetObject",
        Persona::Admin,
        Call::SimulateRole(RoleName::SecureKeyAdmin.name(), "s3:GetObject", object, false),
        "The role is not there, or it holds more than the policy secure-key-admin.",
    );
}

fn bucket(lab: &LabState, probes: &mut Probes) {
    probes.works(
        "secure-bucket-admin can ask where the bucket is",
        Persona::SecureBucketAdmin,
        Call::GetBucketLocation,
        "There is no bucket of that name, or the policy is not attached to the role. Create the bucket as secure-bucket-admin.",
    );
    probes.refused(
        "secure-bucket-admin cannot put an object into it",
        Persona::SecureBucketAdmin,
        // Before there is a key, nothing but the Deny stands in the way.
        Call::PutObject(OBJECT.into(), if lab.key_arn.is_some() { Sse::LabKey } else { Sse::None }),
        Lane::Iam,
        "The Deny of Listing 1 does not reach the objects. Put the corrected listing in step 1.",
    );
    probes.refused(
        "secure-key-admin cannot look into it",
        Persona::SecureKeyAdmin,
        Call::ListObjects,
        Lane::Iam,
        "The role holds more than the policy secure-key-admin. Take from it what concerns S3.",
    );
}

fn key(probes: &mut Probes) {
    probes.works(
        "secure-key-admin can describe the key",
        Persona::SecureKeyAdmin,
        Call::DescribeKey(KeyOf::Lab),
        "There is no key yet, or the role is not among its administrators. Create it as secure-key-admin.",
    );
    probes.refused(
        "secure-key-admin cannot make a data key with it",
        Persona::SecureKeyAdmin,
        Call::GenerateDataKey,
        Lane::Iam,
        "The Deny of Listing 2 does not match the key. Put the corrected listing in step 1.",
    );
    probes.refused(
        "secure-bucket-admin cannot read its key policy",
        Persona::SecureBucketAdmin,
        Call::GetKeyPolicy(KeyOf::Lab),
        Lane::Iam,
        "The role holds more than the policy secure-bucket-admin. Take from it what concerns KMS.",
    );
}

fn bucket_policy(probes: &mut Probes) {
    unencrypted_upload_by(Persona::Admin, probes);
    probes.add(
        "An upload under the lab’s key passes",
        Persona::Admin,
        put_and_delete(),
        "The bucket policy does not name the key of step 4 by its full ARN. Put Listing 4 again as it is offered above.",
    );
}

fn instance(probes: &mut Probes) {
    probes.works(
        "The instance finds credentials and is known by them",
        Persona::Instance,
        Call::GetCallerIdentity,
        "There is no instance, or its profile has no role. Launch it as Admin, and create the instance profile in step 2 first.",
    );
    probes.refused(
        "The instance cannot manage the key",
        Persona::Instance,
        Call::GetKeyPolicy(KeyOf::Lab),
        Lane::Iam,
        "The role authorized-users holds more than the policy secure-bucket-access. Take from it what concerns KMS.",
    );
}

fn put_and_delete() -> Vec<(Call, Expected)> {
    vec![
        (Call::PutObject(OBJECT.into(), Sse::LabKey), Expected::Works(None)),
        (Call::DeleteObject(OBJECT.into()), Expected::Works(None)),
    ]
}

fn encrypted_upload(probes: &mut Probes) {
    probes.add(
        "The instance can upload under the lab’s key",
        Persona::Instance,
        put_and_delete(),
        "Launch the instance, and see that authorized-users is a key user: step 4 made it one, test 4 takes it away, Restore puts it back.",
    );
    probes.refused(
        "secure-bucket-admin cannot",
        Persona::SecureBucketAdmin,
        Call::PutObject(OBJECT.into(), Sse::LabKey),
        Lane::Iam,
        "The Deny of Listing 1 does not reach the objects. Put the corrected listing in step 1.",
    );
}

fn unencrypted_upload(probes: &mut Probes) {
    unencrypted_upload_by(Persona::Instance, probes);
}

fn unencrypted_upload_by(by: Persona, probes: &mut Probes) {
    probes.refused(
        format!("An upload without encryption is refused by the bucket policy, also to {}", by.name()),
        by,
        Call::PutObject(OBJECT.into(), Sse::None),
        Lane::Bucket,
        "The bucket has no policy, or not Listing 4. Put it in step 5 as secure-bucket-admin.",
    );
}

fn download(probes: &mut Probes) {
    probes.add(
        "The instance can download what is under the lab’s key",
        Persona::Instance,
        vec![
            (Call::PutObject(OBJECT.into(), Sse::LabKey), Expected::Works(None)),
            (Call::GetObject(OBJECT.into()), Expected::Works(Some(Lane::Key))),
        ],
        "Launch the instance, and see that authorized-users is a key user: Restore puts it back.",
    );
    probes.refused(
        "secure-key-admin cannot: it holds the key and not the bucket",
        Persona::SecureKeyAdmin,
        Call::GetObject(OBJECT.into()),
        Lane::Iam,
        "The role holds more than the policy secure-key-admin. Take from it what concerns S3.",
    );
    probes.works(
        "What was put for this is deleted again",
        Persona::Instance,
        Call::DeleteObject(OBJECT.into()),
        "Look at the call: the object may be left.",
    );
}

fn without_key_user(probes: &mut Probes) {
    probes.refused(
        "The instance can no longer upload: the key refuses",
        Persona::Instance,
        Call::PutObject(OBJECT.into(), Sse::LabKey),
        Lane::Key,
        "authorized-users is still a key user. Remove it as secure-key-admin with the form above.",
    );
    probes.add(
        "Admin can still put an object: the key policy leaves the account to IAM",
        Persona::Admin,
        vec![(Call::PutObject(OBJECT.into(), Sse::LabKey), Expected::Works(None))],
        "Admin could not put an object under the key. Look at the call for the policy that stood in the way.",
    );
    probes.refused(
        "The instance’s download is refused by the key",
        Persona::Instance,
        Call::GetObject(OBJECT.into()),
        Lane::Key,
        "authorized-users is still a key user. Remove it as secure-key-admin with the form above.",
    );
    probes.works(
        "secure-key-admin still manages the key",
        Persona::SecureKeyAdmin,
        Call::GetKeyPolicy(KeyOf::Lab),
        "The role is not among the key’s administrators, and Listing 2 gives it nothing. Create the key again, or mend the listing.",
    );
}
