//! What concerns the account as a whole: its alias, its numbers, its password policy, and everything in one list.

use super::{EC2_TRUST, allow, decode, did, fails, iam, user};
use crate::support::{Answer, Lab, account};

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

#[tokio::test]
async fn an_account_has_one_alias_that_no_other_has() {
    let lab = Lab::new().await;
    did(&lab, "CreateAccountAlias", &[("AccountAlias", "first-lab")]).await;
    did(&lab, "CreateAccountAlias", &[("AccountAlias", "second-lab")]).await;
    let listed = did(&lab, "ListAccountAliases", &[]).await.text();
    assert!(listed.contains("<AccountAliases><member>second-lab</member></AccountAliases>"), "{listed}");
    let taken = "The account alias second-lab already exists.";
    let again = [("AccountAlias", "second-lab")];
    fails(&lab, "CreateAccountAlias", &again, 409, "EntityAlreadyExists", taken).await;
    let (_, other) = account(&lab.sandbox).await;
    let answer = lab.query(&other, "iam", "CreateAccountAlias", &again).await;
    assert_eq!((answer.status, answer.error().1.as_str()), (409, taken));
    // The name that was given up is free.
    let freed = lab.query(&other, "iam", "CreateAccountAlias", &[("AccountAlias", "first-lab")]).await;
    assert_eq!(freed.status, 200, "{}", freed.text());
    did(&lab, "DeleteAccountAlias", &again).await;
    let gone = "The account alias second-lab cannot be found.";
    fails(&lab, "DeleteAccountAlias", &again, 404, "NoSuchEntity", gone).await;
    let at =
        "1 validation error detected: Value at 'accountAlias' failed to satisfy constraint: Member must ";
    let pattern = r"satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";
    for name in ["Capital", "-start", "end-", "two--hyphens", "under_score"] {
        let message = format!("{at}{pattern}");
        fails(&lab, "CreateAccountAlias", &[("AccountAlias", name)], 400, "ValidationError", &message).await;
    }
    let short = format!("{at}have length greater than or equal to 3");
    fails(&lab, "CreateAccountAlias", &[("AccountAlias", "ab")], 400, "ValidationError", &short).await;
    let digits = iam(&lab, "CreateAccountAlias", &[("AccountAlias", "123456789012")]).await;
    assert_eq!((digits.status, digits.error().0.as_str()), (400, "ValidationError"));
}

fn number(summary: &Answer, key: &str) -> usize {
    let text = summary.text();
    let value = text.split(&format!("<key>{key}</key><value>")).nth(1).unwrap_or_default();
    value.split('<').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_summary_counts_what_there_is() {
    let lab = Lab::new().await;
    let before = did(&lab, "GetAccountSummary", &[]).await;
    let counts = ["Users", "Groups", "Roles", "Policies", "InstanceProfiles", "PolicyVersionsInUse"];
    // The Admin and its AdministratorAccess.
    assert_eq!(counts.map(|key| number(&before, key)), [1, 0, 0, 0, 0, 1]);
    user(&lab, "u", None).await;
    did(&lab, "CreateGroup", &[("GroupName", "g")]).await;
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    did(&lab, "CreateInstanceProfile", &[("InstanceProfileName", "i")]).await;
    let document = allow("s3:*", "*");
    did(&lab, "CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)]).await;
    let own = format!("arn:aws:iam::{}:policy/p", lab.account);
    did(&lab, "PutRolePermissionsBoundary", &[("RoleName", "r"), ("PermissionsBoundary", &own)]).await;
    did(&lab, "AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", ADMIN)]).await;
    let after = did(&lab, "GetAccountSummary", &[]).await;
    assert_eq!(counts.map(|key| number(&after, key)), [2, 1, 1, 1, 1, 2]);
    let quotas =
        ["UsersQuota", "AssumeRolePolicySizeQuota", "GroupPolicySizeQuota", "VersionsPerPolicyQuota"];
    assert_eq!(quotas.map(|key| number(&after, key)), [5_000, 2_048, 5_120, 5]);
}

/// What stands between two tags, the first time.
fn within<'a>(text: &'a str, element: &str) -> &'a str {
    let inside = text.split(&format!("<{element}>")).nth(1).unwrap_or_default();
    inside.split(&format!("</{element}>")).next().unwrap_or_default()
}

#[tokio::test]
async fn authorization_details_show_everything_that_decides() {
    let lab = Lab::new().await;
    let document = allow("s3:*", "*");
    let own = format!("arn:aws:iam::{}:policy/p", lab.account);
    did(&lab, "CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &document)]).await;
    let narrow = allow("s3:GetObject", "*");
    did(&lab, "CreatePolicyVersion", &[("PolicyArn", &own), ("PolicyDocument", &narrow)]).await;
    user(&lab, "u", Some(&document)).await;
    did(&lab, "PutUserPermissionsBoundary", &[("UserName", "u"), ("PermissionsBoundary", &own)]).await;
    did(&lab, "TagUser", &[("UserName", "u"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")])
        .await;
    did(&lab, "CreateGroup", &[("GroupName", "g")]).await;
    did(&lab, "AddUserToGroup", &[("GroupName", "g"), ("UserName", "u")]).await;
    did(&lab, "AttachGroupPolicy", &[("GroupName", "g"), ("PolicyArn", &own)]).await;
    did(&lab, "CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    did(&lab, "CreateInstanceProfile", &[("InstanceProfileName", "i")]).await;
    did(&lab, "AddRoleToInstanceProfile", &[("InstanceProfileName", "i"), ("RoleName", "r")]).await;

    let all = did(&lab, "GetAccountAuthorizationDetails", &[]).await.text();
    let users: Vec<&str> = within(&all, "UserDetailList").split("<UserName>").skip(1).collect();
    assert_eq!(users.len(), 2);
    let user = users[1];
    assert!(user.starts_with("u<"), "{user}");
    assert!(user.contains("<UserPolicyList><member><PolicyName>inline</PolicyName>"), "{user}");
    assert_eq!(decode(within(user, "PolicyDocument")), document);
    assert!(user.contains("<GroupList><member>g</member></GroupList><AttachedManagedPolicies/>"), "{user}");
    assert!(user.contains(&format!("<PermissionsBoundaryArn>{own}</PermissionsBoundaryArn>")), "{user}");
    assert!(user.contains("<Tags><member><Key>team</Key><Value>red</Value></member></Tags>"), "{user}");
    let group = within(&all, "GroupDetailList");
    assert!(group.contains("<GroupPolicyList/>") && group.contains(&format!("<PolicyArn>{own}<")), "{group}");
    let role = within(&all, "RoleDetailList");
    assert!(role.contains("<InstanceProfileName>i<") && role.contains("<RoleLastUsed/>"), "{role}");
    // Of AWS's policies those that somebody has; of the account's own every version, the newest first.
    let policies = within(&all, "Policies");
    assert_eq!(policies.matches("<PolicyName>").count(), 2, "{policies}");
    let versions = policies.split("<PolicyName>p<").nth(1).unwrap();
    assert!(versions.find("<VersionId>v2<").unwrap() < versions.find("<VersionId>v1<").unwrap());
    assert_eq!(decode(within(versions, "Document")), narrow);
}

#[tokio::test]
async fn authorization_details_come_filtered_and_in_pages() {
    let lab = Lab::new().await;
    for name in ["a", "b"] {
        did(&lab, "CreateGroup", &[("GroupName", name)]).await;
        did(&lab, "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", EC2_TRUST)]).await;
    }
    let groups = did(&lab, "GetAccountAuthorizationDetails", &[("Filter.member.1", "Group")]).await.text();
    assert!(
        groups.contains("<UserDetailList/><RoleDetailList/>") && groups.contains("<Policies/>"),
        "{groups}"
    );
    assert_eq!(groups.matches("<GroupName>").count(), 2);
    let mut seen = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let mut parameters =
            vec![("Filter.member.1", "Role"), ("Filter.member.2", "Group"), ("MaxItems", "3")];
        parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = did(&lab, "GetAccountAuthorizationDetails", &parameters).await;
        let text = page.text();
        seen.push((text.matches("<RoleName>").count(), text.matches("<GroupName>").count()));
        match page.xml("Marker") {
            Some(next) => marker = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [(2, 1), (0, 1)]);
    let first = did(&lab, "GetAccountAuthorizationDetails", &[("MaxItems", "1")]).await;
    let mismatch = "Marker and Filter do not match";
    for parameters in [
        vec![("Marker", first.xml("Marker").unwrap()), ("Filter.member.1", "Role".into())],
        vec![("Marker", "made-up".into())],
    ] {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fails(&lab, "GetAccountAuthorizationDetails", &parameters, 400, "ValidationError", mismatch).await;
    }
    let unknown = "1 validation error detected: Value at 'filter' failed to satisfy constraint: Member must satisfy constraint: \
        [Member must satisfy enum value set: [LocalManagedPolicy, User, AWSManagedPolicy, Role, Group]]";
    let parameters = [("Filter.member.1", "Policy")];
    fails(&lab, "GetAccountAuthorizationDetails", &parameters, 400, "ValidationError", unknown).await;
}

#[tokio::test]
async fn a_password_policy_is_whole_and_lets_users_see_it_when_it_says_so() {
    let lab = Lab::new().await;
    let missing = format!("The Password Policy with domain name {} cannot be found.", lab.account);
    fails(&lab, "GetAccountPasswordPolicy", &[], 404, "NoSuchEntity", &missing).await;
    let asked = [
        ("MinimumPasswordLength", "14"),
        ("RequireSymbols", "true"),
        ("MaxPasswordAge", "90"),
        ("PasswordReusePrevention", "5"),
        ("HardExpiry", "false"),
    ];
    did(&lab, "UpdateAccountPasswordPolicy", &asked).await;
    let shown = did(&lab, "GetAccountPasswordPolicy", &[]).await;
    let fields =
        ["MinimumPasswordLength", "RequireSymbols", "RequireNumbers", "ExpirePasswords", "HardExpiry"];
    assert_eq!(
        fields.map(|field| shown.xml(field).unwrap()),
        ["14", "true", "false", "true", "false"].map(str::to_owned)
    );
    let keys = user(&lab, "u", None).await;
    assert_eq!(lab.query(&keys, "iam", "GetAccountPasswordPolicy", &[]).await.status, 403);
    // What is left out goes back to its default.
    did(&lab, "UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await;
    let own = lab.query(&keys, "iam", "GetAccountPasswordPolicy", &[]).await;
    assert_eq!((own.status, own.xml("MinimumPasswordLength").as_deref()), (200, Some("6")));
    assert_eq!((own.xml("MaxPasswordAge"), own.xml("ExpirePasswords").as_deref()), (None, Some("false")));
    assert_eq!(lab.query(&keys, "iam", "GetAccountSummary", &[]).await.status, 403);
    let wrong =
        [("MinimumPasswordLength", "129"), ("MaxPasswordAge", "0"), ("PasswordReusePrevention", "25")];
    let member =
        |name, rule| format!("Value at '{name}' failed to satisfy constraint: Member must have value {rule}");
    let message = format!(
        "3 validation errors detected: {}; {}; {}",
        member("minimumPasswordLength", "less than or equal to 128"),
        member("passwordReusePrevention", "less than or equal to 24"),
        member("maxPasswordAge", "greater than or equal to 1")
    );
    fails(&lab, "UpdateAccountPasswordPolicy", &wrong, 400, "ValidationError", &message).await;
    did(&lab, "DeleteAccountPasswordPolicy", &[]).await;
    let gone = "The account policy with name PasswordPolicy cannot be found.";
    fails(&lab, "DeleteAccountPasswordPolicy", &[], 404, "NoSuchEntity", gone).await;
    assert_eq!(lab.query(&keys, "iam", "GetAccountPasswordPolicy", &[]).await.status, 403);
}
