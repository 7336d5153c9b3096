"""Bytes with boto3: managed transfers, streams, checksums, encryption contexts, conditions, and presigned URLs."""

import base64
import contextlib
import datetime
import hashlib
import io
import json
import os
import tempfile
import time
import zlib

import boto3.s3.transfer
import urllib3
from lab import ENDPOINT, Account, Case, Person, session, unique

MIB = 1 << 20
PARTS_OF_5_MIB = boto3.s3.transfer.TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
# So that no part looks like another.
BIG = b"".join(number.to_bytes(4, "big") for number in range(3 * MIB))
SMALL = b"a small thing"


def base64_of(digest):
    return base64.b64encode(digest).decode()


class Transfer(Case):
    @classmethod
    def setUpClass(cls):
        cls.account = Account()
        cls.admin = cls.account.admin()
        cls.s3 = cls.admin.s3
        cls.bucket = unique("transfer")
        cls.s3.create_bucket(Bucket=cls.bucket)
        cls.key_arn = cls.admin.kms.create_key()["KeyMetadata"]["Arn"]
        cls.sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": cls.key_arn}

    def at(self, key):
        return {"Bucket": self.bucket, "Key": key}

    def test_a_file_goes_up_in_parts_and_comes_back_in_ranges(self):
        with tempfile.TemporaryDirectory() as folder:
            up, down = os.path.join(folder, "up"), os.path.join(folder, "down")
            with open(up, "wb") as file:
                file.write(BIG)
            seen = []
            extra = {"ContentType": "application/x-test", "Metadata": {"kind": "big"}, **self.sealed}
            self.s3.upload_file(up, self.bucket, "file", ExtraArgs=extra, Config=PARTS_OF_5_MIB, Callback=seen.append)
            self.assertEqual(len(BIG), sum(seen))
            self.s3.download_file(self.bucket, "file", down, Config=PARTS_OF_5_MIB)
            with open(down, "rb") as file:
                self.assertEqual(BIG, file.read())
        head = self.s3.head_object(**self.at("file"), PartNumber=1)
        self.assertEqual((3, 5 * MIB), (head["PartsCount"], head["ContentLength"]))
        self.assertEqual(("application/x-test", {"kind": "big"}), (head["ContentType"], head["Metadata"]))
        self.assertEqual(self.key_arn, head["SSEKMSKeyId"])
        self.assertTrue(head["ETag"].endswith('-3"'))

    def test_what_is_no_file_goes_both_ways_too(self):
        class Once(io.RawIOBase):
            """A stream of unknown length that cannot be begun again."""

            def __init__(self, data):
                self.data = io.BytesIO(data)

            def readable(self):
                return True

            def readinto(self, buffer):
                return self.data.readinto(buffer)

        self.s3.upload_fileobj(Once(BIG), self.bucket, "stream", Config=PARTS_OF_5_MIB)
        into = io.BytesIO()
        self.s3.download_fileobj(self.bucket, "stream", into, Config=PARTS_OF_5_MIB)
        self.assertEqual(BIG, into.getvalue())
        self.s3.copy(self.at("stream"), self.bucket, "copied", ExtraArgs=self.sealed, Config=PARTS_OF_5_MIB)
        into = io.BytesIO()
        self.s3.download_fileobj(self.bucket, "copied", into)
        self.assertEqual(BIG, into.getvalue())

    def test_resources_do_the_same(self):
        s3 = self.admin.session.resource("s3", **self.admin.credentials)
        thing = s3.Object(self.bucket, "resource")
        thing.put(Body=SMALL)
        thing.wait_until_exists()
        self.assertEqual(SMALL, thing.get()["Body"].read())
        self.assertIn("resource", [entry.key for entry in s3.Bucket(self.bucket).objects.filter(Prefix="reso")])
        s3.Bucket(self.bucket).objects.filter(Prefix="resource").delete()
        thing.wait_until_not_exists()

    def test_a_body_is_read_as_one_likes(self):
        self.s3.put_object(Body=b"one\ntwo\nthree\n" * 1000, **self.at("lines"))

        def body():
            return contextlib.closing(self.s3.get_object(**self.at("lines"))["Body"])

        with body() as lines:
            self.assertEqual([b"one", b"two", b"three"], list(lines.iter_lines())[:3])
        with body() as chunks:
            self.assertEqual(14_000, sum(len(chunk) for chunk in chunks.iter_chunks(1000)))
        with body() as some:
            self.assertEqual(b"one", some.read(3))
        empty = self.s3.put_object(Body=b"", **self.at("empty"))
        self.assertEqual('"d41d8cd98f00b204e9800998ecf8427e"', empty["ETag"])
        self.assertEqual(b"", self.s3.get_object(**self.at("empty"))["Body"].read())

    def test_ranges(self):
        self.s3.put_object(Body=b"0123456789", **self.at("digits"))
        for wanted, body, place in [
            ("bytes=0-0", b"0", "bytes 0-0/10"),
            ("bytes=3-", b"3456789", "bytes 3-9/10"),
            ("bytes=-4", b"6789", "bytes 6-9/10"),
            ("bytes=8-100", b"89", "bytes 8-9/10"),
        ]:
            answer = self.s3.get_object(Range=wanted, **self.at("digits"))
            self.assertEqual((body, place), (answer["Body"].read(), answer["ContentRange"]))
            self.assertEqual(206, answer["ResponseMetadata"]["HTTPStatusCode"])
        head = self.s3.head_object(Range="bytes=3-", **self.at("digits"))
        self.assertEqual((7, "bytes 3-9/10"), (head["ContentLength"], head["ContentRange"]))
        self.assertEqual(206, head["ResponseMetadata"]["HTTPStatusCode"])
        with self.refused(416, "InvalidRange", "The requested range is not satisfiable") as caught:
            self.s3.get_object(Range="bytes=10-", **self.at("digits"))
        error = caught.exception.response["Error"]
        self.assertEqual(("bytes=10-", "10"), (error["RangeRequested"], error["ActualObjectSize"]))

    def test_conditions(self):
        etag = self.s3.put_object(Body=SMALL, **self.at("conditional"))["ETag"]
        modified = self.s3.head_object(**self.at("conditional"))["LastModified"]
        later = modified + datetime.timedelta(seconds=1)
        at = self.at("conditional")
        self.s3.get_object(IfMatch=etag, IfUnmodifiedSince=modified, **at)["Body"].read()
        self.s3.get_object(IfNoneMatch='"other"', **at)["Body"].read()
        for condition in ({"IfNoneMatch": etag}, {"IfModifiedSince": modified}):
            with self.refused(304, "304", "Not Modified") as caught:
                self.s3.get_object(**condition, **at)
            headers = caught.exception.response["ResponseMetadata"]["HTTPHeaders"]
            self.assertEqual(etag, headers["etag"])
        message = "At least one of the pre-conditions you specified did not hold"
        with self.refused(412, "PreconditionFailed", message) as caught:
            self.s3.get_object(IfMatch='"other"', **at)
        self.assertEqual("If-Match", caught.exception.response["Error"]["Condition"])
        with self.refused(412, "PreconditionFailed", message) as caught:
            self.s3.put_object(Body=b"again", IfNoneMatch="*", **at)
        self.assertEqual("If-None-Match", caught.exception.response["Error"]["Condition"])
        with self.refused(412, "PreconditionFailed", message):
            self.s3.put_object(Body=b"again", IfMatch='"other"', **at)
        self.s3.put_object(Body=b"again", IfMatch=etag, **at)
        with self.refused(404, "NoSuchKey", "The specified key does not exist."):
            self.s3.put_object(Body=b"again", IfMatch=etag, **self.at("nothing here"))
        with self.refused(412, "412", "Precondition Failed"):
            self.s3.head_object(IfUnmodifiedSince=modified - (later - modified), **at)

    def test_every_checksum_is_verified_kept_and_given_back(self):
        sums = {
            "CRC32": base64_of(zlib.crc32(SMALL).to_bytes(4, "big")),
            "SHA1": base64_of(hashlib.sha1(SMALL).digest()),
            "SHA256": base64_of(hashlib.sha256(SMALL).digest()),
        }
        for algorithm, expected in sums.items():
            name = f"Checksum{algorithm}"
            put = self.s3.put_object(Body=SMALL, ChecksumAlgorithm=algorithm, **self.at(algorithm))
            self.assertEqual((expected, "FULL_OBJECT"), (put[name], put["ChecksumType"]))
            got = self.s3.get_object(ChecksumMode="ENABLED", **self.at(algorithm))
            self.assertEqual((SMALL, expected), (got["Body"].read(), got[name]))
            self.assertEqual(algorithm, got["ResponseMetadata"]["ChecksumAlgorithm"].upper())
            wanted = ["Checksum", "ObjectSize"]
            told = self.s3.get_object_attributes(ObjectAttributes=wanted, **self.at(algorithm))
            self.assertEqual((expected, len(SMALL)), (told["Checksum"][name], told["ObjectSize"]))
            message = f"The {algorithm} you specified did not match the calculated checksum."
            with self.refused(400, "BadDigest", message):
                self.s3.put_object(Body=b"something else", **{name: expected}, **self.at("bad"))
        md5 = base64_of(hashlib.md5(SMALL).digest())
        self.s3.put_object(Body=SMALL, ContentMD5=md5, **self.at("md5"))
        with self.refused(400, "BadDigest", "The Content-MD5 you specified did not match what we received."):
            self.s3.put_object(Body=b"something else", ContentMD5=md5, **self.at("md5"))
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="SHA")["Contents"]
        self.assertEqual([["SHA1"], ["SHA256"]], [entry["ChecksumAlgorithm"] for entry in listed])

    def test_a_checksum_of_parts_is_a_checksum_of_checksums(self):
        at = self.at("composite")
        upload = {"UploadId": self.s3.create_multipart_upload(ChecksumAlgorithm="SHA256", **at)["UploadId"], **at}
        bodies = [b"a" * 5 * MIB, b"the end"]
        parts = []
        for number, body in enumerate(bodies, 1):
            answer = self.s3.upload_part(PartNumber=number, Body=body, ChecksumAlgorithm="SHA256", **upload)
            sum_of_part = base64_of(hashlib.sha256(body).digest())
            self.assertEqual(sum_of_part, answer["ChecksumSHA256"])
            parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": sum_of_part})
        done = self.s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
        sums = hashlib.sha256(b"".join(hashlib.sha256(body).digest() for body in bodies)).digest()
        self.assertEqual((f"{base64_of(sums)}-2", "COMPOSITE"), (done["ChecksumSHA256"], done["ChecksumType"]))
        etags = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
        self.assertEqual(f'"{etags}-2"', done["ETag"])
        self.assertEqual(f"https://{self.bucket}.s3.amazonaws.com/composite", done["Location"])

    def test_an_upload_that_is_not_as_it_was_said_to_be_is_refused(self):
        at = self.at("refused")
        upload = {"UploadId": self.s3.create_multipart_upload(**at)["UploadId"], **at}
        etag = self.s3.upload_part(PartNumber=1, Body=b"small", **upload)["ETag"]
        self.s3.upload_part(PartNumber=2, Body=b"small", **upload)
        part = lambda number, etag: {"PartNumber": number, "ETag": etag}
        complete = lambda *parts: self.s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
        message = (
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
            "specified entity tag may not match the part's entity tag."
        )
        with self.refused(400, "InvalidPart", message):
            complete(part(1, '"00000000000000000000000000000000"'))
        with self.refused(
            400,
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        ):
            complete(part(2, etag), part(1, etag))
        with self.refused(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"):
            complete(part(1, etag), part(2, etag))
        self.s3.abort_multipart_upload(**upload)
        message = (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
            "completed."
        )
        with self.refused(404, "NoSuchUpload", message) as caught:
            self.s3.list_parts(**upload)
        self.assertIsInstance(caught.exception, self.s3.exceptions.NoSuchUpload)
        self.assertEqual(upload["UploadId"], caught.exception.response["Error"]["UploadId"])

    def test_an_encryption_context_is_kept_and_demanded_of_the_key(self):
        context = base64_of(json.dumps({"team": "security"}).encode())
        given = {"SSEKMSEncryptionContext": context, **self.sealed}
        answer = self.s3.put_object(Body=SMALL, **given, **self.at("context"))
        told = json.loads(base64.b64decode(answer["SSEKMSEncryptionContext"]))
        self.assertEqual("security", told["team"])
        self.assertEqual(SMALL, self.s3.get_object(**self.at("context"))["Body"].read())
        # A user who may use the key for this team's objects only.
        iam, me = self.admin.iam, unique("team")
        iam.create_user(UserName=me)
        allow = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                    "Resource": self.key_arn,
                    "Condition": {"StringEquals": {"kms:EncryptionContext:team": "security"}},
                },
            ],
        }
        iam.put_user_policy(UserName=me, PolicyName="team", PolicyDocument=json.dumps(allow))
        member = self.account.person(me).s3
        self.assertEqual(SMALL, member.get_object(**self.at("context"))["Body"].read())
        arn = self.account.arn(f"user/{me}")
        with self.denied(arn, "kms:GenerateDataKey", self.key_arn, because="identity"):
            member.put_object(Body=SMALL, **self.sealed, **self.at("no context"))
        with self.refused(400, "InvalidArgument"):
            self.s3.put_object(Body=SMALL, **{**given, "SSEKMSEncryptionContext": "e"}, **self.at("bad context"))

    def test_bucket_keys_and_defaults(self):
        bucket = unique("default")
        self.s3.create_bucket(Bucket=bucket)
        rule = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key_arn},
            "BucketKeyEnabled": True,
        }
        self.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        put = self.s3.put_object(Bucket=bucket, Key="a", Body=SMALL)
        self.assertEqual((self.key_arn, True), (put["SSEKMSKeyId"], put["BucketKeyEnabled"]))
        got = self.s3.get_object(Bucket=bucket, Key="a")
        self.assertEqual((SMALL, True), (got["Body"].read(), got["BucketKeyEnabled"]))

    def test_metadata_survives_the_way(self):
        given = {
            "CacheControl": "max-age=60",
            "ContentDisposition": 'attachment; filename="a b.pdf"',
            "ContentEncoding": "identity",
            "ContentLanguage": "de",
            "ContentType": "text/plain; charset=utf-8",
            "Expires": datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc),
            "Metadata": {"a-name": "a value", "another": "1"},
        }
        self.s3.put_object(Body=SMALL, Tagging="a=1&b=2", **given, **self.at("metadata"))
        head = self.s3.head_object(**self.at("metadata"))
        self.assertEqual(given, {name: head[name] for name in given})
        self.assertEqual(2, head["TagCount"])
        self.s3.copy_object(CopySource=self.at("metadata"), **self.at("metadata copy"))
        copy = self.s3.head_object(**self.at("metadata copy"))
        self.assertEqual(given, {name: copy[name] for name in given})
        replaced = {"MetadataDirective": "REPLACE", "Metadata": {"new": "yes"}, "TaggingDirective": "REPLACE"}
        self.s3.copy_object(CopySource=self.at("metadata"), Tagging="c=3", **replaced, **self.at("metadata copy"))
        copy = self.s3.head_object(**self.at("metadata copy"))
        self.assertEqual(({"new": "yes"}, "binary/octet-stream"), (copy["Metadata"], copy["ContentType"]))
        message = (
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )
        with self.refused(400, "InvalidRequest", message):
            self.s3.copy_object(CopySource=self.at("metadata"), **self.at("metadata"))

    def test_answers_may_be_given_other_headers(self):
        self.s3.put_object(Body=SMALL, ContentType="text/plain", **self.at("overridden"))
        wanted = {
            "CacheControl": "no-store",
            "ContentDisposition": "inline",
            "ContentEncoding": "identity",
            "ContentLanguage": "fr",
            "ContentType": "text/html",
        }
        parameters = {f"Response{name}": value for name, value in wanted.items()}
        for operation in (self.s3.get_object, self.s3.head_object):
            answer = operation(**parameters, **self.at("overridden"))
            self.assertEqual(wanted, {name: answer[name] for name in wanted})
            answer.get("Body", io.BytesIO()).close()

    def test_what_is_refused_before_its_body_is_sent_is_refused_in_words(self):
        user = unique("silent")
        self.admin.iam.create_user(UserName=user)
        s3 = self.account.person(user).s3
        arn, object_arn = self.account.arn(f"user/{user}"), f"arn:aws:s3:::{self.bucket}/x"
        # Over one connection: what is left of a request must not be taken for the next.
        for _ in range(100):
            with self.denied(arn, "s3:PutObject", object_arn, because="identity", quoted=True):
                s3.put_object(Body=SMALL, **self.at("x"))

    def test_a_copy_says_which_of_two_is_missing(self):
        with self.refused(404, "NoSuchBucket", "The specified bucket does not exist") as caught:
            self.s3.copy_object(CopySource="no-such-bucket/a", **self.at("copy"))
        self.assertEqual("no-such-bucket", caught.exception.response["Error"]["BucketName"])
        with self.refused(404, "NoSuchKey", "The specified key does not exist.") as caught:
            self.s3.copy_object(CopySource=self.at("no such key"), **self.at("copy"))
        self.assertEqual("no such key", caught.exception.response["Error"]["Key"])

    def test_keys_are_any_text(self):
        for key in [
            "a b",
            "a+b",
            "a%20b",
            "ü/é",
            "日本",
            "a//b",
            "./a",
            "../a",
            "a?b=c",
            "a&b#c",
            "'\"<>",
            "~!*()",
            "x" * 1024,
        ]:
            with self.subTest(key):
                self.s3.put_object(Body=key.encode(), **self.at(key))
                self.assertEqual(key.encode(), self.s3.get_object(**self.at(key))["Body"].read())
                listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key)["Contents"]
                self.assertIn(key, [entry["Key"] for entry in listed])
                self.s3.copy_object(CopySource=self.at(key), **self.at("copy of a key"))
                self.assertEqual(key.encode(), self.s3.get_object(**self.at("copy of a key"))["Body"].read())
                gone = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": [{"Key": key}]})
                self.assertEqual([key], [entry["Key"] for entry in gone["Deleted"]])
        with self.refused(400, "KeyTooLongError", "Your key is too long") as caught:
            self.s3.put_object(Body=b"", **self.at("x" * 1025))
        error = caught.exception.response["Error"]
        self.assertEqual(("1024", "1025"), (error["MaxSizeAllowed"], error["Size"]))

    def test_versions(self):
        bucket = unique("versioned")
        self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        at = {"Bucket": bucket, "Key": "a"}
        first = self.s3.put_object(Body=b"1", **at)["VersionId"]
        self.s3.put_object(Body=b"2", **at)
        marker = self.s3.delete_object(**at)
        self.assertTrue(marker["DeleteMarker"])
        with self.refused(404, "NoSuchKey", "The specified key does not exist.") as caught:
            self.s3.get_object(**at)
        headers = caught.exception.response["ResponseMetadata"]["HTTPHeaders"]
        self.assertEqual(("true", marker["VersionId"]), (headers["x-amz-delete-marker"], headers["x-amz-version-id"]))
        message = "The specified method is not allowed against this resource."
        with self.refused(405, "MethodNotAllowed", message) as caught:
            self.s3.get_object(VersionId=marker["VersionId"], **at)
        error = caught.exception.response["Error"]
        self.assertEqual(("GET", "DeleteMarker"), (error["Method"], error["ResourceType"]))
        self.assertEqual(b"1", self.s3.get_object(VersionId=first, **at)["Body"].read())
        with self.refused(400, "InvalidArgument", "Invalid version id specified") as caught:
            self.s3.get_object(VersionId="not a version", **at)
        error = caught.exception.response["Error"]
        self.assertEqual(("versionId", "not a version"), (error["ArgumentName"], error["ArgumentValue"]))
        self.s3.copy_object(CopySource={**at, "VersionId": first}, **at)
        self.assertEqual(b"1", self.s3.get_object(**at)["Body"].read())
        with self.refused(
            409,
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        ):
            self.s3.delete_bucket(Bucket=bucket)


class Presigned(Case):
    """URLs that carry their signature, followed by a client that knows nothing of AWS."""

    @classmethod
    def setUpClass(cls):
        cls.account = Account()
        cls.person = cls.account.root
        cls.s3 = cls.person.client("s3", signature_version="s3v4", s3={"addressing_style": "path"})
        cls.bucket = unique("presigned")
        cls.s3.create_bucket(Bucket=cls.bucket)
        cls.s3.put_object(Bucket=cls.bucket, Key="a file", Body=SMALL)
        cls.http = urllib3.PoolManager(retries=False)

    @classmethod
    def tearDownClass(cls):
        cls.http.clear()

    def url(self, operation, expires=60, client=None, **parameters):
        parameters = {"Bucket": self.bucket, **parameters}
        return (client or self.s3).generate_presigned_url(operation, Params=parameters, ExpiresIn=expires)

    def code(self, answer):
        return answer.status, answer.data.decode().split("<Code>")[1].split("</Code>")[0]

    def test_a_download(self):
        answer = self.http.request("GET", self.url("get_object", Key="a file"))
        self.assertEqual((200, SMALL), (answer.status, answer.data))
        disposition = 'attachment; filename="x.txt"'
        url = self.url(
            "get_object", Key="a file", ResponseContentDisposition=disposition, ResponseContentType="text/plain"
        )
        answer = self.http.request("GET", url)
        self.assertEqual(disposition, answer.headers["content-disposition"])
        self.assertEqual("text/plain", answer.headers["content-type"])
        self.assertEqual(403, self.http.request("HEAD", url).status, "signed for another method")
        self.assertEqual(200, self.http.request("HEAD", self.url("head_object", Key="a file")).status)

    def test_an_upload(self):
        url = self.url("put_object", Key="up", ContentType="text/plain")
        answer = self.http.request("PUT", url, body=SMALL, headers={"Content-Type": "text/plain"})
        self.assertEqual(200, answer.status, answer.data)
        self.assertEqual(SMALL, self.s3.get_object(Bucket=self.bucket, Key="up")["Body"].read())
        answer = self.http.request("PUT", url, body=SMALL, headers={"Content-Type": "text/html"})
        self.assertEqual((403, "SignatureDoesNotMatch"), self.code(answer))

    def test_an_upload_in_parts_and_a_deletion(self):
        upload = {
            "Key": "parts",
            "UploadId": self.s3.create_multipart_upload(Bucket=self.bucket, Key="parts")["UploadId"],
        }
        answer = self.http.request("PUT", self.url("upload_part", PartNumber=1, **upload), body=SMALL)
        part = {"PartNumber": 1, "ETag": answer.headers["etag"]}
        self.s3.complete_multipart_upload(Bucket=self.bucket, MultipartUpload={"Parts": [part]}, **upload)
        self.assertEqual(204, self.http.request("DELETE", self.url("delete_object", Key="parts")).status)
        self.assertEqual(200, self.http.request("GET", self.url("list_objects_v2")).status)

    def test_what_is_changed_or_too_old_is_refused(self):
        url = self.url("get_object", Key="a file")
        self.assertEqual(
            (403, "SignatureDoesNotMatch"), self.code(self.http.request("GET", url.replace("a%20file", "b")))
        )
        self.assertEqual((403, "SignatureDoesNotMatch"), self.code(self.http.request("GET", url + "&more=1")))
        soon = self.url("get_object", Key="a file", expires=1)
        time.sleep(2.1)
        answer = self.http.request("GET", soon)
        self.assertEqual((403, "AccessDenied"), self.code(answer))
        self.assertIn("<Message>Request has expired</Message>", answer.data.decode())
        self.assertIn("<X-Amz-Expires>1</X-Amz-Expires>", answer.data.decode())
        long = self.url("get_object", Key="a file", expires=604801)
        answer = self.http.request("GET", long)
        self.assertEqual((400, "AuthorizationQueryParametersError"), self.code(answer))

    def test_signature_version_2_is_refused_as_the_newer_regions_do(self):
        old = self.person.client("s3", signature_version="s3", s3={"addressing_style": "path"})
        answer = self.http.request("GET", self.url("get_object", Key="a file", client=old))
        self.assertEqual((400, "InvalidRequest"), self.code(answer))
        message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        self.assertIn(f"<Message>{message}</Message>", answer.data.decode())

    def test_a_session_signs_urls_that_end_with_it_or_with_its_rights(self):
        admin = self.account.admin("presigner")
        credentials = admin.sts.get_session_token(DurationSeconds=900)["Credentials"]
        client = Person(session(credentials)).client("s3", signature_version="s3v4", s3={"addressing_style": "path"})
        url = self.url("get_object", Key="a file", client=client)
        self.assertEqual(200, self.http.request("GET", url).status)
        self.account.root.iam.detach_user_policy(
            UserName="presigner", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )
        self.assertEqual((403, "AccessDenied"), self.code(self.http.request("GET", url)))

    def test_without_a_signature_nothing_is_given(self):
        answer = self.http.request("GET", f"{ENDPOINT}/{self.bucket}/a%20file")
        self.assertEqual((403, "AccessDenied"), self.code(answer))
        self.assertIn("<Message>Access Denied</Message>", answer.data.decode())

    def test_a_signed_url_of_sts_tells_who_signed_it(self):
        url = self.person.sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
        answer = self.http.request("GET", url)
        self.assertEqual(200, answer.status, answer.data)
        self.assertIn(f"<Arn>{self.account.arn('root')}</Arn>", answer.data.decode())
