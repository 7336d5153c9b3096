//! Instance profiles of instances that run already.

use sandbox::Config;
use serde_json::json;

use super::*;

/// A second role, in a profile of its own.
async fn second_profile(lab: &Lab) {
    let admin = &lab.admin;
    did(lab, admin, "iam", "CreateRole", &[("RoleName", "second"), ("AssumeRolePolicyDocument", TRUST)])
        .await;
    let create = [("InstanceProfileName", "second"), ("Path", "/team/")];
    did(lab, admin, "iam", "CreateInstanceProfile", &create).await;
    let add = [("InstanceProfileName", "second"), ("RoleName", "second")];
    did(lab, admin, "iam", "AddRoleToInstanceProfile", &add).await;
}

async fn roles(lab: &Lab, instance: &str) -> (u16, String) {
    let answer = get(lab, instance, "/latest/meta-data/iam/security-credentials/").await;
    (answer.status, if answer.status == 200 { answer.text() } else { String::new() })
}

const SECOND: (&str, &str) = ("IamInstanceProfile.Name", "second");

#[tokio::test]
async fn a_profile_is_associated_replaced_and_taken_away_and_the_metadata_service_follows() {
    let lab = lab_with_profile(Config::default()).await;
    second_profile(&lab).await;
    let id = launch(&lab, &[]).await;
    assert_eq!(roles(&lab, &id).await.0, 404);

    let made =
        did(&lab, &lab.admin, "ec2", "AssociateIamInstanceProfile", &[("InstanceId", &id), PROFILE]).await;
    let association = made.xml("associationId").unwrap();
    assert!(association.starts_with("iip-assoc-") && association.len() == 27, "{association}");
    assert_eq!(
        (made.xml("state").as_deref(), made.xml("instanceId").as_deref()),
        (Some("associating"), Some(id.as_str()))
    );
    assert_eq!(roles(&lab, &id).await, (200, "app-role".into()));
    let again =
        lab.query(&lab.admin, "ec2", "AssociateIamInstanceProfile", &[("InstanceId", &id), SECOND]).await;
    refused(&again, 400, "IncorrectState", &format!("There is an existing association for instance {id}"));

    let old = lab.instance_keys(&id).await;
    let of = [("AssociationId", association.as_str())];
    let replaced =
        did(&lab, &lab.admin, "ec2", "ReplaceIamInstanceProfileAssociation", &[of[0], SECOND]).await;
    let second = replaced.xml("associationId").unwrap();
    assert_ne!(second, association, "a new association");
    let arn = format!("arn:aws:iam::{}:instance-profile/team/second", lab.account);
    assert_eq!(replaced.xml("arn").as_ref(), Some(&arn));
    assert_eq!(roles(&lab, &id).await, (200, "second".into()));
    let who = did(&lab, &old, "sts", "GetCallerIdentity", &[]).await;
    assert!(
        who.xml("Arn").unwrap().contains("/app-role/"),
        "credentials that were given stay good until they end"
    );
    let gone = format!("An invalid association-id of '{association}' was given");
    for (action, more) in
        [("ReplaceIamInstanceProfileAssociation", Some(PROFILE)), ("DisassociateIamInstanceProfile", None)]
    {
        let parameters: Vec<(&str, &str)> = of.into_iter().chain(more).collect();
        let answer = lab.query(&lab.admin, "ec2", action, &parameters).await;
        refused(&answer, 400, "InvalidAssociationID.NotFound", &gone);
    }

    let taken =
        did(&lab, &lab.admin, "ec2", "DisassociateIamInstanceProfile", &[("AssociationId", &second)]).await;
    assert_eq!(
        (taken.xml("state").as_deref(), taken.xml("associationId")),
        (Some("disassociating"), Some(second))
    );
    assert_eq!(roles(&lab, &id).await.0, 404);
    assert_eq!(get(&lab, &id, "/latest/meta-data/iam/info").await.status, 404);
    let described = did(&lab, &lab.admin, "ec2", "DescribeInstances", &[]).await;
    assert_eq!(described.xml("iamInstanceProfile"), None);
}

#[tokio::test]
async fn associations_are_listed_and_filtered() {
    let lab = lab_with_profile(Config::default()).await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(launch(&lab, &[PROFILE]).await);
    }
    let bare = launch(&lab, &[]).await;
    let list = async |parameters: &[(&str, &str)]| {
        let answer = did(&lab, &lab.admin, "ec2", "DescribeIamInstanceProfileAssociations", parameters).await;
        (answer.text().matches("<instanceId>").count(), answer)
    };
    let all = list(&[]).await;
    assert_eq!((all.0, all.1.xml("state").as_deref()), (6, Some("associated")));
    let of_one = list(&[("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", &ids[0])]).await;
    assert_eq!((of_one.0, of_one.1.xml("instanceId").as_ref()), (1, Some(&ids[0])));
    assert_eq!(list(&[("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", &bare)]).await.0, 0);
    assert_eq!(list(&[("Filter.1.Name", "state"), ("Filter.1.Value.1", "disassociating")]).await.0, 0);
    assert_eq!(list(&[("Filter.1.Name", "state"), ("Filter.1.Value.1", "assoc*")]).await.0, 6);
    let association = of_one.1.xml("associationId").unwrap();
    assert_eq!(list(&[("AssociationId.1", &association)]).await.0, 1);
    let (count, first) = list(&[("MaxResults", "5")]).await;
    let token = first.xml("nextToken").unwrap();
    assert_eq!((count, list(&[("MaxResults", "5"), ("NextToken", &token)]).await.0), (5, 1));
    did(&lab, &lab.admin, "ec2", "TerminateInstances", &[("InstanceId.1", &ids[0])]).await;
    assert_eq!(list(&[]).await.0, 5, "what is terminated has no profile");
}

#[tokio::test]
async fn giving_an_instance_a_profile_passes_its_role() {
    let lab = lab_with_profile(Config::default()).await;
    second_profile(&lab).await;
    let (id, bare) = (launch(&lab, &[PROFILE]).await, launch(&lab, &[]).await);
    let instance = |id: &str| format!("arn:aws:ec2:us-east-1:{}:instance/{id}", lab.account);
    let role = format!("arn:aws:iam::{}:role/second", lab.account);
    let listed = did(&lab, &lab.admin, "ec2", "DescribeIamInstanceProfileAssociations", &[]).await;
    let association = listed.xml("associationId").unwrap();
    let associate = [("InstanceId", bare.as_str()), SECOND];
    let replace = [("AssociationId", association.as_str()), SECOND];
    let take = [("AssociationId", association.as_str())];

    let nobody = user(&lab, "nobody", json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])).await;
    for (action, parameters, id) in [
        ("AssociateIamInstanceProfile", &associate[..], &bare),
        ("ReplaceIamInstanceProfileAssociation", &replace[..], &id),
        ("DisassociateIamInstanceProfile", &take[..], &id),
    ] {
        let arn = instance(id);
        denied(&lab, &nobody, action, parameters, (&format!("ec2:{action}"), &arn)).await;
    }
    let ec2 = json!({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"});
    let without = user(&lab, "without", json!([ec2])).await;
    for (action, parameters, id) in [
        ("AssociateIamInstanceProfile", &associate[..], &bare),
        ("ReplaceIamInstanceProfileAssociation", &replace[..], &id),
    ] {
        let decoded = denied(&lab, &without, action, parameters, ("iam:PassRole", &role)).await;
        let keys = &decoded["context"]["conditions"]["items"];
        let value = |name: &str| {
            let item = keys.as_array().unwrap().iter().find(|item| item["key"] == name).unwrap();
            item["values"]["items"][0]["value"].as_str().unwrap().to_owned()
        };
        assert_eq!(value("iam:AssociatedResourceArn"), instance(id));
        assert_eq!(value("iam:PassedToService"), "ec2.amazonaws.com");
        assert_eq!((value("iam:RoleName"), value("aws:Type")), ("second".into(), "role".into()));
        assert_eq!(decoded["context"]["principal"]["name"], "without");
    }
    // Only this profile, and only to this instance.
    let narrow = |arn: &str| {
        json!([
            {"Effect": "Allow", "Action": "ec2:AssociateIamInstanceProfile", "Resource": "*", "Condition": {"ArnLike": {
                "ec2:NewInstanceProfile": "arn:aws:iam::*:instance-profile/team/*"}}},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": {"ArnEquals": {"iam:AssociatedResourceArn": arn}}},
        ])
    };
    let elsewhere = user(&lab, "elsewhere", narrow(&instance(&id))).await;
    assert_eq!(lab.query(&elsewhere, "ec2", "AssociateIamInstanceProfile", &associate).await.status, 403);
    let here = user(&lab, "here", narrow(&instance(&bare))).await;
    let other_profile = [associate[0], PROFILE];
    assert_eq!(lab.query(&here, "ec2", "AssociateIamInstanceProfile", &other_profile).await.status, 403);
    did(&lab, &here, "ec2", "AssociateIamInstanceProfile", &associate).await;
}

#[tokio::test]
async fn what_ec2_refuses_about_associations() {
    let lab = lab_with_profile(Config::default()).await;
    let (id, ended) = (launch(&lab, &[PROFILE]).await, launch(&lab, &[]).await);
    let absent = "i-0123456789abcdef0";
    let listed = did(&lab, &lab.admin, "ec2", "DescribeIamInstanceProfileAssociations", &[]).await;
    let association = listed.xml("associationId").unwrap();
    did(&lab, &lab.admin, "ec2", "StopInstances", &[("InstanceId.1", &id)]).await;
    did(&lab, &lab.admin, "ec2", "TerminateInstances", &[("InstanceId.1", &ended)]).await;
    let unknown = "iip-assoc-0123456789abcdef0";
    let not_found = format!("An invalid association-id of '{unknown}' was given");
    let inactive = format!("The association {association} is not the active association");
    let not_running = format!("The instance '{ended}' is not in the 'running' or 'stopped' states.");
    let no_instance = format!("The instance ID '{absent}' does not exist");
    let malformed = "Invalid value for associationId.";
    let no_profile =
        "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";
    let cases: Vec<(&str, Pairs<'_>, &str, &str)> = vec![
        (
            "AssociateIamInstanceProfile",
            vec![("InstanceId", absent), PROFILE],
            "InvalidInstanceID.NotFound",
            &no_instance,
        ),
        (
            "AssociateIamInstanceProfile",
            vec![("InstanceId", "x"), PROFILE],
            "InvalidInstanceID.Malformed",
            "Invalid id: \"x\"",
        ),
        (
            "AssociateIamInstanceProfile",
            vec![("InstanceId", &ended), PROFILE],
            "IncorrectInstanceState",
            &not_running,
        ),
        (
            "AssociateIamInstanceProfile",
            vec![("InstanceId", &id)],
            "MissingParameter",
            "The request must contain the parameter IamInstanceProfile",
        ),
        (
            "AssociateIamInstanceProfile",
            vec![PROFILE],
            "MissingParameter",
            "The request must contain the parameter InstanceId",
        ),
        (
            "AssociateIamInstanceProfile",
            vec![("InstanceId", &id), ("IamInstanceProfile.Name", "x")],
            "InvalidParameterValue",
            no_profile,
        ),
        (
            "ReplaceIamInstanceProfileAssociation",
            vec![("AssociationId", unknown), PROFILE],
            "InvalidAssociationID.NotFound",
            &not_found,
        ),
        (
            "ReplaceIamInstanceProfileAssociation",
            vec![("AssociationId", &association), PROFILE],
            "IncorrectState",
            &inactive,
        ),
        (
            "ReplaceIamInstanceProfileAssociation",
            vec![("AssociationId", &id), PROFILE],
            "InvalidParameterValue",
            malformed,
        ),
        (
            "DisassociateIamInstanceProfile",
            vec![("AssociationId", unknown)],
            "InvalidAssociationID.NotFound",
            &not_found,
        ),
        ("DisassociateIamInstanceProfile", vec![("AssociationId", "x")], "InvalidParameterValue", malformed),
        (
            "DescribeIamInstanceProfileAssociations",
            vec![("AssociationId.1", unknown)],
            "InvalidAssociationID.NotFound",
            &not_found,
        ),
        (
            "DescribeIamInstanceProfileAssociations",
            vec![("Filter.1.Name", "x")],
            "InvalidParameterValue",
            "The filter 'x' is invalid",
        ),
    ];
    for (action, parameters, code, message) in cases {
        refused(&lab.query(&lab.admin, "ec2", action, &parameters).await, 400, code, message);
    }
    // A stopped instance gives up its profile and takes another.
    did(&lab, &lab.admin, "ec2", "DisassociateIamInstanceProfile", &[("AssociationId", &association)]).await;
    did(&lab, &lab.admin, "ec2", "AssociateIamInstanceProfile", &[("InstanceId", &id), PROFILE]).await;
}
