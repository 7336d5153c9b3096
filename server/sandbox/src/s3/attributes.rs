//! GetObjectAttributes, and the access control lists that every object and bucket has when ACLs are disabled.

use policy::Context;
use s3s::dto::{
    Checksum, GetBucketAclInput, GetBucketAclOutput, GetObjectAclInput, GetObjectAclOutput,
    GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectAttributesParts, Grant, Grantee,
    ObjectAttributes, ObjectPart, Owner, Permission, StorageClass, Type,
};
use s3s::{S3Request, S3Response, S3Result};

use super::ask::{Ask, Owned};
use super::customer_key::{self, CustomerKey, OF_OBJECT};
use super::describe::{self, canonical_id};
use super::envelope;
use super::failure::invalid_argument;
use super::list::{limit, shown};
use super::tags;
use super::versions::{Found, find, on_version};
use super::write::shown_version;
use crate::gate::actions;
use crate::store::ObjectRow;

/// What may be asked of an object.
const ATTRIBUTES: [&str; 5] = [
    ObjectAttributes::ETAG,
    ObjectAttributes::CHECKSUM,
    ObjectAttributes::OBJECT_PARTS,
    ObjectAttributes::STORAGE_CLASS,
    ObjectAttributes::OBJECT_SIZE,
];

pub(super) async fn get_object_attributes(
    ask: &Ask,
    request: S3Request<GetObjectAttributesInput>,
) -> S3Result<S3Response<GetObjectAttributesOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let found = Found::look(ask, &owned, &input.key, input.version_id).await?;
    let conditions = tags::existing(found.row());
    on_version::<actions::s3::GetObject, actions::s3::GetObjectVersion>(
        ask,
        &owned,
        &found,
        conditions.clone(),
    )?;
    on_version::<actions::s3::GetObjectAttributes, actions::s3::GetObjectVersionAttributes>(
        ask, &owned, &found, conditions,
    )?;
    let row = find(ask, &owned, found)?;
    let customer = customer_key::of_stored(&row, CustomerKey::read(&request.headers, &OF_OBJECT)?)?;
    if row.kms_key_arn.is_some() {
        // What it tells of an object under a KMS key needs that key (`aws-semantics.md` §3).
        envelope::open(ask, &row, customer.as_ref()).await?;
    }
    // `s3s` takes a header's whole list for one name.
    let names: Vec<&str> =
        input.object_attributes.iter().flat_map(|list| list.as_str().split(',')).map(str::trim).collect();
    if let Some(other) = names.iter().find(|name| !ATTRIBUTES.contains(name)) {
        let message = "Invalid attribute name specified.";
        return Err(invalid_argument(message, "x-amz-object-attributes", (*other).to_owned()));
    }
    let asked = |name: &str| names.contains(&name);
    let sum = |name| describe::checksum(&row, name);
    let parts =
        parts_of(&row, limit("max-parts", input.max_parts)?, input.part_number_marker.unwrap_or_default());
    Ok(S3Response::new(GetObjectAttributesOutput {
        checksum: asked(ObjectAttributes::CHECKSUM).then(|| Checksum {
            checksum_crc32: sum("CRC32"),
            checksum_crc32c: sum("CRC32C"),
            checksum_crc64nvme: sum("CRC64NVME"),
            checksum_sha1: sum("SHA1"),
            checksum_sha256: sum("SHA256"),
            checksum_type: Some(describe::checksum_type(&row)),
        }),
        e_tag: asked(ObjectAttributes::ETAG).then(|| describe::etag(&row)),
        last_modified: Some(describe::timestamp(row.modified)),
        object_parts: parts.filter(|_| asked(ObjectAttributes::OBJECT_PARTS)),
        object_size: i64::try_from(row.size).ok().filter(|_| asked(ObjectAttributes::OBJECT_SIZE)),
        storage_class: asked(ObjectAttributes::STORAGE_CLASS)
            .then(|| StorageClass::from_static(StorageClass::STANDARD)),
        version_id: shown_version(&owned, &row),
        ..GetObjectAttributesOutput::default()
    }))
}

/// The parts after number `after`; `None` for an object that came in one piece. S3 tells the parts themselves only of objects
/// with a checksum for each.
fn parts_of(row: &ObjectRow, limit: usize, after: i32) -> Option<GetObjectAttributesParts> {
    if row.parts.is_empty() {
        return None;
    }
    let behind: Vec<_> = row.parts.iter().filter(|part| part.number > i64::from(after)).collect();
    let entry = |part: &&crate::store::PartRow| {
        let sum = |name: &str| {
            part.checksum.as_ref().filter(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        ObjectPart {
            checksum_crc32: sum("CRC32"),
            checksum_crc32c: sum("CRC32C"),
            checksum_crc64nvme: sum("CRC64NVME"),
            checksum_sha1: sum("SHA1"),
            checksum_sha256: sum("SHA256"),
            part_number: i32::try_from(part.number).ok(),
            size: i64::try_from(part.size).ok(),
        }
    };
    let shown_parts: Vec<_> = behind.iter().take(limit).map(entry).collect();
    Some(GetObjectAttributesParts {
        is_truncated: Some(behind.len() > limit),
        max_parts: Some(shown(limit)),
        next_part_number_marker: Some(shown_parts.last().and_then(|part| part.part_number).unwrap_or(0)),
        part_number_marker: Some(after),
        parts: row.composite_checksum.then_some(shown_parts),
        total_parts_count: Some(shown(row.parts.len())),
    })
}

pub(super) async fn get_object_acl(
    ask: &Ask,
    request: S3Request<GetObjectAclInput>,
) -> S3Result<S3Response<GetObjectAclOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    let found = Found::look(ask, &owned, &input.key, input.version_id).await?;
    on_version::<actions::s3::GetObjectAcl, actions::s3::GetObjectVersionAcl>(
        ask,
        &owned,
        &found,
        tags::existing(found.row()),
    )?;
    find(ask, &owned, found)?;
    let (owner, grants) = full_control(&owned);
    Ok(S3Response::new(GetObjectAclOutput {
        owner: Some(owner),
        grants: Some(grants),
        ..GetObjectAclOutput::default()
    }))
}

pub(super) async fn get_bucket_acl(
    ask: &Ask,
    request: S3Request<GetBucketAclInput>,
) -> S3Result<S3Response<GetBucketAclOutput>> {
    let input = request.input;
    let owned = ask.bucket(&input.bucket, input.expected_bucket_owner.as_deref()).await?;
    ask.on_bucket::<actions::s3::GetBucketAcl>(&owned, Context::new())?;
    let (owner, grants) = full_control(&owned);
    Ok(S3Response::new(GetBucketAclOutput { owner: Some(owner), grants: Some(grants) }))
}

/// With ACLs disabled the owner's full control is all there is (S3 User Guide, `about-object-ownership`).
fn full_control(owned: &Owned) -> (Owner, Vec<Grant>) {
    let id = canonical_id(&owned.owner.id);
    let grantee = Grantee {
        type_: Type::from_static(Type::CANONICAL_USER),
        id: Some(id.clone()),
        display_name: None,
        email_address: None,
        uri: None,
    };
    let grant =
        Grant { grantee: Some(grantee), permission: Some(Permission::from_static(Permission::FULL_CONTROL)) };
    (Owner { display_name: None, id: Some(id) }, vec![grant])
}
