"""One successful call of every operation there is, service by service, for any client that takes boto3's parameters.

A client is an object with four methods: `call(service, operation, **parameters)` gives the answer as a dictionary,
`refused(service, operation, **parameters)` the message of an error, `by(credentials)` the same client as someone else,
and `answered(service, operation)` counts an operation that has nothing but an error to answer. `operation` is named as AWS names it. Bodies of objects are bytes in both directions.

Each function makes what it needs and asks for nothing that another made. In one account each can run once.
"""

import base64
import hashlib
import hmac
import json
import struct
import time

ASSUMABLE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"
IMAGE = "ami-0abcdef1234567890"


def text(document):
    return json.dumps(document)


class Service:
    """A client of one service, whose operations are its methods: `iam.GetUser(UserName="a")`."""

    def __init__(self, client, name):
        self.client = client
        self.name = name

    def __getattr__(self, operation):
        return lambda **parameters: self.client.call(self.name, operation, **parameters)


def iam_users(client, account):
    iam = Service(client, "iam")
    iam.CreateUser(UserName="every-user", Path="/every/")
    iam.GetUser(UserName="every-user")
    iam.ListUsers(PathPrefix="/every/")
    user = {"UserName": "every-user"}
    key = iam.CreateAccessKey(**user)["AccessKey"]["AccessKeyId"]
    iam.ListAccessKeys(**user)
    iam.UpdateAccessKey(AccessKeyId=key, Status="Inactive", **user)
    iam.DeleteAccessKey(AccessKeyId=key, **user)
    iam.PutUserPolicy(PolicyName="inline", PolicyDocument=text(DOCUMENT), **user)
    iam.GetUserPolicy(PolicyName="inline", **user)
    iam.ListUserPolicies(**user)
    iam.DeleteUserPolicy(PolicyName="inline", **user)
    iam.AttachUserPolicy(PolicyArn=MANAGED, **user)
    iam.ListAttachedUserPolicies(**user)
    iam.SimulatePrincipalPolicy(
        PolicySourceArn=f"arn:aws:iam::{account}:user/every/every-user", ActionNames=["s3:GetObject", "s3:PutObject"]
    )
    iam.GetContextKeysForPrincipalPolicy(PolicySourceArn=f"arn:aws:iam::{account}:user/every/every-user")
    iam.DetachUserPolicy(PolicyArn=MANAGED, **user)
    iam.PutUserPermissionsBoundary(PermissionsBoundary=MANAGED, **user)
    iam.GetUser(**user)
    iam.DeleteUserPermissionsBoundary(**user)
    iam.CreateGroup(GroupName="every-group")
    group = {"GroupName": "every-group"}
    iam.AddUserToGroup(**user, **group)
    iam.GetGroup(**group)
    iam.ListGroups()
    iam.ListGroupsForUser(**user)
    iam.PutGroupPolicy(PolicyName="inline", PolicyDocument=text(DOCUMENT), **group)
    iam.GetGroupPolicy(PolicyName="inline", **group)
    iam.ListGroupPolicies(**group)
    iam.DeleteGroupPolicy(PolicyName="inline", **group)
    iam.AttachGroupPolicy(PolicyArn=MANAGED, **group)
    iam.ListAttachedGroupPolicies(**group)
    iam.DetachGroupPolicy(PolicyArn=MANAGED, **group)
    iam.RemoveUserFromGroup(**user, **group)
    iam.DeleteGroup(**group)
    iam.DeleteUser(**user)


def iam_roles(client, account):
    iam = Service(client, "iam")
    role = {"RoleName": "every-role"}
    iam.CreateRole(
        AssumeRolePolicyDocument=text(ASSUMABLE), Description="for every operation", MaxSessionDuration=7200, **role
    )
    iam.GetRole(**role)
    iam.ListRoles()
    iam.UpdateAssumeRolePolicy(PolicyDocument=text(ASSUMABLE), **role)
    iam.PutRolePolicy(PolicyName="inline", PolicyDocument=text(DOCUMENT), **role)
    iam.GetRolePolicy(PolicyName="inline", **role)
    iam.ListRolePolicies(**role)
    iam.DeleteRolePolicy(PolicyName="inline", **role)
    iam.AttachRolePolicy(PolicyArn=MANAGED, **role)
    iam.ListAttachedRolePolicies(**role)
    iam.DetachRolePolicy(PolicyArn=MANAGED, **role)
    iam.PutRolePermissionsBoundary(PermissionsBoundary=MANAGED, **role)
    iam.GetRole(**role)
    iam.DeleteRolePermissionsBoundary(**role)
    profile = {"InstanceProfileName": "every-profile"}
    iam.CreateInstanceProfile(**profile)
    iam.AddRoleToInstanceProfile(**profile, **role)
    iam.GetInstanceProfile(**profile)
    iam.ListInstanceProfiles()
    iam.ListInstanceProfilesForRole(**role)
    iam.RemoveRoleFromInstanceProfile(**profile, **role)
    iam.DeleteInstanceProfile(**profile)
    iam.DeleteRole(**role)


def iam_policies(client, account):
    iam = Service(client, "iam")
    arn = iam.CreatePolicy(PolicyName="every-policy", PolicyDocument=text(DOCUMENT))["Policy"]["Arn"]
    policy = {"PolicyArn": arn}
    iam.GetPolicy(**policy)
    iam.ListPolicies(Scope="Local")
    iam.ListPolicies(Scope="AWS")
    iam.CreatePolicyVersion(PolicyDocument=text(DOCUMENT), **policy)
    iam.GetPolicyVersion(VersionId="v2", **policy)
    iam.ListPolicyVersions(**policy)
    iam.SetDefaultPolicyVersion(VersionId="v2", **policy)
    iam.DeletePolicyVersion(VersionId="v1", **policy)
    iam.DeletePolicy(**policy)
    iam.SimulateCustomPolicy(
        PolicyInputList=[text(DOCUMENT)],
        ActionNames=["s3:ListBucket", "s3:GetObject"],
        ContextEntries=[{"ContextKeyName": "aws:username", "ContextKeyValues": ["a"], "ContextKeyType": "string"}],
    )
    iam.GetContextKeysForCustomPolicy(PolicyInputList=[text(DOCUMENT)])


def iam_details(client, account):
    """What a user, role, policy and profile have beside their policies."""
    iam = Service(client, "iam")
    tags, keys = [{"Key": "team", "Value": "security"}, {"Key": "stage", "Value": "test"}], ["stage"]
    user, role, profile = (
        {"UserName": "every-user"},
        {"RoleName": "every-role"},
        {"InstanceProfileName": "every-profile"},
    )
    iam.CreateUser(**user)
    iam.TagUser(Tags=tags, **user)
    iam.ListUserTags(**user)
    iam.UntagUser(TagKeys=keys, **user)
    iam.CreateRole(AssumeRolePolicyDocument=text(ASSUMABLE), **role)
    iam.UpdateRole(Description="another", MaxSessionDuration=7200, **role)
    iam.UpdateRoleDescription(Description="yet another", **role)
    iam.TagRole(Tags=tags, **role)
    iam.ListRoleTags(**role)
    iam.UntagRole(TagKeys=keys, **role)
    policy = {"PolicyArn": iam.CreatePolicy(PolicyName="every-policy", PolicyDocument=text(DOCUMENT))["Policy"]["Arn"]}
    iam.TagPolicy(Tags=tags, **policy)
    iam.ListPolicyTags(**policy)
    iam.UntagPolicy(TagKeys=keys, **policy)
    iam.AttachUserPolicy(**user, **policy)
    iam.ListEntitiesForPolicy(**policy)
    arn = iam.GetUser(**user)["User"]["Arn"]
    iam.ListPoliciesGrantingServiceAccess(Arn=arn, ServiceNamespaces=["s3"])
    job = {"JobId": iam.GenerateServiceLastAccessedDetails(Arn=arn)["JobId"]}
    finished(lambda: iam.GetServiceLastAccessedDetails(**job)["JobStatus"], "COMPLETED")
    iam.GetServiceLastAccessedDetailsWithEntities(ServiceNamespace="s3", **job)
    iam.DetachUserPolicy(**user, **policy)
    iam.DeletePolicy(**policy)
    iam.CreateInstanceProfile(**profile)
    iam.TagInstanceProfile(Tags=tags, **profile)
    iam.ListInstanceProfileTags(**profile)
    iam.UntagInstanceProfile(TagKeys=keys, **profile)
    iam.DeleteInstanceProfile(**profile)
    iam.DeleteRole(**role)
    key = iam.CreateAccessKey(**user)["AccessKey"]["AccessKeyId"]
    iam.GetAccessKeyLastUsed(AccessKeyId=key)
    iam.DeleteAccessKey(AccessKeyId=key, **user)
    iam.UpdateUser(NewUserName="every-renamed", **user)
    iam.DeleteUser(UserName="every-renamed")
    iam.CreateGroup(GroupName="every-group")
    iam.UpdateGroup(GroupName="every-group", NewGroupName="every-renamed")
    iam.DeleteGroup(GroupName="every-renamed")


def iam_logins(client, account):
    iam = Service(client, "iam")
    user, first, second = {"UserName": "every-login"}, "Correct-horse-1", "Battery-staple-2"
    iam.CreateUser(**user)
    iam.CreateLoginProfile(Password=first, **user)
    iam.GetLoginProfile(**user)
    iam.UpdateLoginProfile(Password=second, PasswordResetRequired=False, **user)
    allow = {**DOCUMENT, "Statement": [{"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"}]}
    iam.PutUserPolicy(PolicyName="own", PolicyDocument=text(allow), **user)
    key = iam.CreateAccessKey(**user)["AccessKey"]
    Service(client.by(key), "iam").ChangePassword(OldPassword=second, NewPassword=first)
    iam.DeleteLoginProfile(**user)
    made = iam.CreateVirtualMFADevice(VirtualMFADeviceName="every-device")["VirtualMFADevice"]
    device, seed = {"SerialNumber": f"arn:aws:iam::{account}:mfa/every-device"}, made["Base32StringSeed"]
    iam.ListVirtualMFADevices()
    tags = [{"Key": "team", "Value": "security"}]
    iam.TagMFADevice(Tags=tags, **device)
    iam.ListMFADeviceTags(**device)
    iam.UntagMFADevice(TagKeys=["team"], **device)
    iam.EnableMFADevice(**codes(seed, -1), **user, **device)
    iam.ListMFADevices(**user)
    iam.ResyncMFADevice(**codes(seed, 1), **user, **device)
    iam.DeactivateMFADevice(**user, **device)
    iam.DeleteVirtualMFADevice(**device)
    iam.DeleteUserPolicy(PolicyName="own", **user)
    iam.DeleteAccessKey(AccessKeyId=key["AccessKeyId"], **user)
    iam.DeleteUser(**user)


def codes(seed, first):
    """Two codes that follow each other, the first so many steps from now (RFC 6238)."""

    def code(step):
        tag = hmac.new(base64.b32decode(seed), struct.pack(">q", step), hashlib.sha1).digest()
        (number,) = struct.unpack(">I", tag[tag[-1] & 15 :][:4])
        return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"

    step = int(time.time()) // 30 + first
    return {"AuthenticationCode1": code(step), "AuthenticationCode2": code(step + 1)}


def iam_account(client, account):
    iam = Service(client, "iam")
    iam.CreateAccountAlias(AccountAlias=f"every-{account}")
    iam.ListAccountAliases()
    iam.DeleteAccountAlias(AccountAlias=f"every-{account}")
    iam.UpdateAccountPasswordPolicy(MinimumPasswordLength=12, RequireNumbers=True)
    iam.GetAccountPasswordPolicy()
    iam.DeleteAccountPasswordPolicy()
    iam.GetAccountSummary()
    iam.GetAccountAuthorizationDetails()
    finished(lambda: iam.GenerateCredentialReport()["State"], "COMPLETE")
    iam.GetCredentialReport()


def finished(ask, state):
    """Asks until the answer is this one."""
    for _ in range(100):
        if ask() == state:
            return
        time.sleep(0.1)
    raise AssertionError(f"it never was {state}")


def sts(client, account):
    iam, sts = Service(client, "iam"), Service(client, "sts")
    me = sts.GetCallerIdentity()["Arn"]
    sts.GetSessionToken(DurationSeconds=900)
    sts.GetFederationToken(Name="every-guest", Policy=text(DOCUMENT))
    sts.GetAccessKeyInfo(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    trust = {**ASSUMABLE, "Statement": [{**ASSUMABLE["Statement"][0], "Principal": {"AWS": me}}]}
    iam.CreateRole(RoleName="every-session", AssumeRolePolicyDocument=text(trust))
    arn = f"arn:aws:iam::{account}:role/every-session"
    session = sts.AssumeRole(RoleArn=arn, RoleSessionName="every", Policy=text(DOCUMENT))["Credentials"]
    nobody = client.by(session)
    refused = nobody.refused("ec2", "RunInstances", ImageId=IMAGE, MinCount=1, MaxCount=1)
    sts.DecodeAuthorizationMessage(
        EncodedMessage=refused.split("Encoded authorization failure message: ")[1].split()[0]
    )


def ec2(client, account):
    iam, ec2 = Service(client, "iam"), Service(client, "ec2")
    iam.CreateRole(RoleName="every-instance", AssumeRolePolicyDocument=text(ASSUMABLE))
    iam.CreateInstanceProfile(InstanceProfileName="every-instance")
    iam.AddRoleToInstanceProfile(InstanceProfileName="every-instance", RoleName="every-instance")
    launched = ec2.RunInstances(
        ImageId=IMAGE, InstanceType="t2.micro", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "every-instance"}
    )
    ids = [instance["InstanceId"] for instance in launched["Instances"]]
    ec2.DescribeInstances(InstanceIds=ids)
    found = ec2.DescribeIamInstanceProfileAssociations()["IamInstanceProfileAssociations"]
    association = found[0]["AssociationId"]
    replaced = ec2.ReplaceIamInstanceProfileAssociation(
        AssociationId=association, IamInstanceProfile={"Name": "every-instance"}
    )
    association = replaced["IamInstanceProfileAssociation"]["AssociationId"]
    ec2.DisassociateIamInstanceProfile(AssociationId=association)
    ec2.AssociateIamInstanceProfile(InstanceId=ids[0], IamInstanceProfile={"Name": "every-instance"})
    ec2.CreateTags(Resources=ids, Tags=[{"Key": "team", "Value": "security"}])
    ec2.DescribeTags()
    ec2.DeleteTags(Resources=ids, Tags=[{"Key": "team"}])
    ec2.ModifyInstanceMetadataOptions(InstanceId=ids[0], HttpTokens="required", HttpPutResponseHopLimit=2)
    ec2.StopInstances(InstanceIds=ids)
    ec2.StartInstances(InstanceIds=ids)
    ec2.TerminateInstances(InstanceIds=ids)


def kms_keys(client, account):
    kms = Service(client, "kms")
    tags = [{"TagKey": "team", "TagValue": "security"}]
    key = {"KeyId": kms.CreateKey(Description="for every operation", Tags=tags)["KeyMetadata"]["KeyId"]}
    kms.DescribeKey(**key)
    kms.ListKeys()
    kms.UpdateKeyDescription(Description="another", **key)
    policy = kms.GetKeyPolicy(PolicyName="default", **key)["Policy"]
    kms.PutKeyPolicy(PolicyName="default", Policy=policy, **key)
    kms.ListKeyPolicies(**key)
    kms.TagResource(Tags=[{"TagKey": "stage", "TagValue": "test"}], **key)
    kms.ListResourceTags(**key)
    kms.UntagResource(TagKeys=["stage"], **key)
    kms.EnableKeyRotation(RotationPeriodInDays=180, **key)
    kms.GetKeyRotationStatus(**key)
    kms.DisableKeyRotation(**key)
    kms.RotateKeyOnDemand(**key)
    kms.ListKeyRotations(**key)
    kms.GetKeyLastUsage(**key)
    kms.CreateAlias(AliasName="alias/every", TargetKeyId=key["KeyId"])
    kms.ListAliases(**key)
    other = kms.CreateKey()["KeyMetadata"]["KeyId"]
    kms.UpdateAlias(AliasName="alias/every", TargetKeyId=other)
    kms.DeleteAlias(AliasName="alias/every")
    kms.DisableKey(**key)
    kms.DescribeKey(**key)
    kms.EnableKey(**key)
    kms.ScheduleKeyDeletion(PendingWindowInDays=7, **key)
    kms.DescribeKey(**key)
    kms.CancelKeyDeletion(**key)


def kms_cryptography(client, account):
    kms = Service(client, "kms")
    key = {"KeyId": kms.CreateKey()["KeyMetadata"]["Arn"]}
    context = {"EncryptionContext": {"paper": "secret"}}
    sealed = kms.Encrypt(Plaintext=b"a secret", **key, **context)["CiphertextBlob"]
    opened = kms.Decrypt(CiphertextBlob=sealed, **context)
    assert opened["Plaintext"] == b"a secret", opened
    again = kms.ReEncrypt(
        CiphertextBlob=sealed, SourceEncryptionContext=context["EncryptionContext"], DestinationKeyId=key["KeyId"]
    )
    assert kms.Decrypt(CiphertextBlob=again["CiphertextBlob"])["Plaintext"] == b"a secret"
    data_key = kms.GenerateDataKey(KeySpec="AES_256", **key, **context)
    assert kms.Decrypt(CiphertextBlob=data_key["CiphertextBlob"], **context)["Plaintext"] == data_key["Plaintext"]
    kms.GenerateDataKeyWithoutPlaintext(NumberOfBytes=24, **key)
    kms.GenerateDataKeyPair(KeyPairSpec="ECC_NIST_P256", **key)
    kms.GenerateDataKeyPairWithoutPlaintext(KeyPairSpec="RSA_2048", **key)
    assert len(kms.GenerateRandom(NumberOfBytes=32)["Plaintext"]) == 32


def kms_grants(client, account):
    kms = Service(client, "kms")
    key = {"KeyId": kms.CreateKey()["KeyMetadata"]["KeyId"]}
    me = client.call("sts", "GetCallerIdentity")["Arn"]
    wanted = {
        "GranteePrincipal": me,
        "RetiringPrincipal": me,
        "Operations": ["Encrypt", "Decrypt"],
        "Constraints": {"EncryptionContextSubset": {"paper": "secret"}},
    }
    first = kms.CreateGrant(Name="first", **wanted, **key)
    second = kms.CreateGrant(Name="second", **wanted, **key)
    kms.ListGrants(**key)
    kms.ListRetirableGrants(RetiringPrincipal=me)
    kms.RetireGrant(GrantToken=first["GrantToken"])
    kms.RevokeGrant(GrantId=second["GrantId"], **key)


def without(client, operation, message, **parameters):
    """A call about what no bucket has here: AWS's word for that is all that the operation answers."""
    said = client.refused("s3", operation, **parameters)
    assert said == message, f"{operation}: {said}"
    client.answered("s3", operation)


def s3_buckets(client, account):
    s3, bucket = Service(client, "s3"), f"every-buckets-{account}"
    name = {"Bucket": bucket}
    s3.CreateBucket(**name)
    s3.HeadBucket(**name)
    without(client, "PutBucketAcl", "The bucket does not allow ACLs", ACL="private", **name)
    s3.ListBuckets(Prefix=bucket)
    s3.GetBucketLocation(**name)
    s3.PutBucketTagging(Tagging={"TagSet": [{"Key": "team", "Value": "security"}]}, **name)
    s3.GetBucketTagging(**name)
    s3.DeleteBucketTagging(**name)
    s3.PutBucketVersioning(VersioningConfiguration={"Status": "Enabled"}, **name)
    s3.GetBucketVersioning(**name)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    s3.PutBucketEncryption(ServerSideEncryptionConfiguration={"Rules": [rule]}, **name)
    s3.GetBucketEncryption(**name)
    s3.DeleteBucketEncryption(**name)
    s3.PutBucketOwnershipControls(OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, **name)
    s3.GetBucketOwnershipControls(**name)
    s3.DeleteBucketOwnershipControls(**name)
    blocks = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
    s3.PutPublicAccessBlock(PublicAccessBlockConfiguration=dict.fromkeys(blocks, True), **name)
    s3.GetPublicAccessBlock(**name)
    s3.DeletePublicAccessBlock(**name)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.PutBucketPolicy(Policy=text({"Version": "2012-10-17", "Statement": [statement]}), **name)
    s3.GetBucketPolicy(**name)
    s3.GetBucketPolicyStatus(**name)
    s3.DeleteBucketPolicy(**name)
    s3.GetBucketAcl(**name)
    s3.GetBucketAccelerateConfiguration(**name)
    s3.GetBucketLogging(**name)
    s3.GetBucketNotificationConfiguration(**name)
    assert s3.GetBucketRequestPayment(**name)["Payer"] == "BucketOwner"
    without(client, "GetBucketCors", "The CORS configuration does not exist", **name)
    without(client, "GetBucketLifecycleConfiguration", "The lifecycle configuration does not exist", **name)
    without(client, "GetBucketReplication", "The replication configuration was not found", **name)
    without(client, "GetBucketWebsite", "The specified bucket does not have a website configuration", **name)
    locked = "Object Lock configuration does not exist for this bucket"
    without(client, "GetObjectLockConfiguration", locked, **name)
    s3.DeleteBucket(**name)


def s3_objects(client, account):
    s3, bucket = Service(client, "s3"), f"every-objects-{account}"
    name = {"Bucket": bucket}
    s3.CreateBucket(**name)
    s3.PutBucketVersioning(VersioningConfiguration={"Status": "Enabled"}, **name)
    paper = {"Key": "papers/a paper.pdf", **name}
    s3.PutObject(
        Body=b"%PDF-1.4",
        ContentType="application/pdf",
        CacheControl="no-cache",
        ServerSideEncryption="aws:kms",
        ChecksumAlgorithm="SHA256",
        Tagging="team=security",
        Metadata={"author": "someone"},
        **paper,
    )
    s3.HeadObject(ChecksumMode="ENABLED", **paper)
    assert s3.GetObject(ChecksumMode="ENABLED", **paper)["Body"] == b"%PDF-1.4"
    assert s3.GetObject(Range="bytes=1-3", **paper)["Body"] == b"PDF"
    s3.GetObjectAttributes(ObjectAttributes=["ETag", "Checksum", "ObjectSize", "StorageClass"], **paper)
    s3.GetObjectAcl(**paper)
    without(client, "PutObjectAcl", "The bucket does not allow ACLs", ACL="private", **paper)
    s3.PutObjectTagging(Tagging={"TagSet": [{"Key": "stage", "Value": "draft"}]}, **paper)
    s3.GetObjectTagging(**paper)
    s3.DeleteObjectTagging(**paper)
    s3.CopyObject(Key="copy & <paste>", CopySource=f"{bucket}/{paper['Key']}", **name)
    s3.ListObjects(Delimiter="/", **name)
    s3.ListObjectsV2(FetchOwner=True, **name)
    s3.DeleteObject(**paper)
    listed = s3.ListObjectVersions(**name)
    named = [
        {"Key": found["Key"], "VersionId": found["VersionId"]}
        for kind in ("Versions", "DeleteMarkers")
        for found in listed[kind]
    ]
    s3.DeleteObjects(Delete={"Objects": named}, **name)
    s3.DeleteBucket(**name)


def s3_uploads(client, account):
    s3, bucket = Service(client, "s3"), f"every-uploads-{account}"
    name = {"Bucket": bucket}
    s3.CreateBucket(**name)
    big = {"Key": "big", **name}
    part = b"x" * (5 << 20)
    s3.PutObject(Key="source", Body=part, **name)
    upload = {"UploadId": s3.CreateMultipartUpload(ChecksumAlgorithm="CRC32", **big)["UploadId"], **big}
    first = s3.UploadPart(PartNumber=1, Body=part, **upload)
    copied = s3.UploadPartCopy(PartNumber=2, CopySource=f"{bucket}/source", CopySourceRange="bytes=0-1023", **upload)
    s3.ListParts(**upload)
    s3.ListMultipartUploads(**name)
    parts = [
        {"PartNumber": number, **{field: part[field] for field in ("ETag", "ChecksumCRC32") if field in part}}
        for number, part in ((1, first), (2, copied["CopyPartResult"]))
    ]
    s3.CompleteMultipartUpload(MultipartUpload={"Parts": parts}, **upload)
    s3.GetObjectAttributes(ObjectAttributes=["ObjectParts", "Checksum"], **big)
    s3.HeadObject(PartNumber=1, **big)
    s3.AbortMultipartUpload(UploadId=s3.CreateMultipartUpload(**big)["UploadId"], **big)
    s3.DeleteObjects(Delete={"Objects": [{"Key": "big"}, {"Key": "source"}], "Quiet": True}, **name)
    s3.DeleteBucket(**name)


def cloudtrail(client, account):
    Service(client, "iam").ListUsers()
    Service(client, "cloudtrail").LookupEvents(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ListUsers"}], MaxResults=5
    )


SERVICES = {
    "cloudtrail": [cloudtrail],
    "iam": [iam_users, iam_roles, iam_policies, iam_details, iam_logins, iam_account],
    "sts": [sts],
    "ec2": [ec2],
    "kms": [kms_keys, kms_cryptography, kms_grants],
    "s3": [s3_buckets, s3_objects, s3_uploads],
}


def call_all(service, client, account):
    for of_service in SERVICES[service]:
        of_service(client, account)
