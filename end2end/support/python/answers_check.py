"""The reader of answers itself: it must find what is wrong, or its silence means nothing."""

import json
import unittest

import botocore.session

from answers import complaints

SESSION = botocore.session.get_session()
IDS = {"x-amz-request-id": "1", "x-amz-id-2": "2"}
XML = {"content-type": "application/xml", **IDS}
S3_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
S3 = f'xmlns="{S3_SPACE}"'
QUERY = {"content-type": "text/xml", "x-amzn-requestid": "1"}
IAM_SPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
IAM = f'xmlns="{IAM_SPACE}"'
EC2 = {"content-type": "text/xml;charset=UTF-8"}
JSON = {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "1"}
USER = (
    "<User><Path>/</Path><UserName>a</UserName><UserId>AIDAIOSFODNN7EXAMPLE</UserId>"
    "<Arn>arn:aws:iam::111122223333:user/a</Arn><CreateDate>2026-11-24T09:30:00Z</CreateDate></User>"
)


def iam(result):
    metadata = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
    return f"<GetUserResponse {IAM}><GetUserResult>{result}</GetUserResult>{metadata}</GetUserResponse>"


class Complaints(unittest.TestCase):
    def found(self, service, operation, status, headers, body):
        model = SESSION.get_service_model(service).operation_model(operation)
        body = json.dumps(body) if isinstance(body, (dict, list)) else body
        found = complaints(model, {"status_code": status, "headers": headers, "body": body.encode()})
        return [complaint.split(": ", 1)[1] for complaint in found]

    def check(self, service, operation, cases):
        for status, headers, body, expected in cases:
            with self.subTest(body):
                self.assertEqual(expected, self.found(service, operation, status, headers, body))

    def test_of_xml_with_a_wrapper(self):
        self.check(
            "iam",
            "GetUser",
            [
                (200, QUERY, iam(USER), []),
                (
                    200,
                    QUERY,
                    iam(USER.replace("Path>", "Pfad>")),
                    ["GetUserResult.User: unknown element Pfad", "GetUserResult.User: required Path is missing"],
                ),
                (
                    200,
                    QUERY,
                    iam(USER.replace("T09:30:00Z", "")),
                    ["GetUserResult.User.CreateDate: '2026-11-24' is no iso8601 date"],
                ),
                (200, QUERY, iam(USER + USER), ["GetUserResult: User 2 times"]),
                (
                    200,
                    QUERY,
                    iam("<User/>").replace(IAM, ""),
                    [f"body: its root is GetUserResponse, not {{{IAM_SPACE}}}GetUserResponse"]
                    + [
                        f"GetUserResult.User: required {name} is missing"
                        for name in ("Path", "UserName", "UserId", "Arn", "CreateDate")
                    ],
                ),
                (200, {"content-type": "text/xml"}, iam(USER), ["headers: no x-amzn-requestid"]),
                (200, QUERY, "<oops", ["body: not XML: unclosed token: line 1, column 0: b'<oops'"]),
            ],
        )

    def test_of_errors_by_query(self):
        fields = "<Type>Sender</Type><Code>NoSuchEntity</Code><Message>no</Message>"
        error = f"<ErrorResponse {IAM}><Error>{fields}</Error><RequestId>1</RequestId></ErrorResponse>"
        self.check(
            "iam",
            "GetUser",
            [
                (404, QUERY, error, []),
                (400, QUERY, error, ["status: 400 for NoSuchEntity, modelled as 404"]),
                (404, QUERY, error.replace("Sender", "Receiver"), ["error: a 404 is of the Sender, not of Receiver"]),
                (
                    404,
                    QUERY,
                    error.replace("<Message>no</Message>", ""),
                    [
                        "error: tells ['Type', 'Code'], not ['Type', 'Code', 'Message']",
                        "error: code 'NoSuchEntity', message None",
                    ],
                ),
            ],
        )
        fields = "<Code>AuthFailure</Code><Message>no</Message>"
        error = f"<Response><Errors><Error>{fields}</Error></Errors><RequestID>1</RequestID></Response>"
        self.check(
            "ec2",
            "DescribeInstances",
            [
                (401, EC2, error, []),
                (
                    401,
                    EC2,
                    error.replace("RequestID", "RequestId"),
                    ["error: holds ['Errors', 'RequestId'], not ['Errors', 'RequestID']"],
                ),
            ],
        )

    def test_of_json(self):
        key = {"KeyMetadata": {"KeyId": "1", "CreationDate": 1.5, "Enabled": True, "KeyState": "Enabled"}}
        changed = lambda **more: {"KeyMetadata": {**key["KeyMetadata"], **more}}
        path = "body.KeyMetadata"
        self.check(
            "kms",
            "DescribeKey",
            [
                (200, JSON, key, []),
                (200, JSON, changed(State="Enabled"), [f"{path}: unknown member State"]),
                (
                    200,
                    JSON,
                    changed(KeyState="On"),
                    [f"{path}.KeyState: 'On' is none of {SESSION.get_service_model('kms').shape_for('KeyState').enum}"],
                ),
                (200, JSON, changed(Enabled="true"), [f"{path}.Enabled: 'true' is no boolean"]),
                (200, JSON, changed(CreationDate="today"), [f"{path}.CreationDate: 'today' is no timestamp"]),
                (200, JSON, changed(Description=None), [f"{path}.Description: null"]),
                (200, JSON, {"KeyMetadata": {}}, [f"{path}: required KeyId is missing"]),
                (
                    200,
                    {"x-amzn-requestid": "1"},
                    key,
                    ["headers: content-type is None, not 'application/x-amz-json-1.1'"],
                ),
                (
                    400,
                    JSON,
                    {"__type": "NotFoundException", "message": "no", "more": 1},
                    ["error: unknown member more"],
                ),
                (400, JSON, {"__type": "NotFoundException"}, ["error: code 'NotFoundException', message None"]),
            ],
        )
        self.check(
            "kms", "EnableKey", [(200, JSON, "", []), (200, JSON, "{}", ["body: b'{}' where the model has none"])]
        )

    def test_of_rest(self):
        entry = "<Contents><Key>a</Key><Size>1</Size></Contents>"
        page = f"<ListBucketResult {S3}><Name>b</Name>{entry}<IsTruncated>false</IsTruncated></ListBucketResult>"
        self.check(
            "s3",
            "ListObjectsV2",
            [
                (200, XML, page, []),
                (200, XML, page.replace(entry, entry * 2), []),
                (
                    200,
                    XML,
                    page.replace("ListBucketResult", "ListResult"),
                    [f"body: its root is {{{S3_SPACE}}}ListResult, not {{{S3_SPACE}}}ListBucketResult"],
                ),
                (
                    200,
                    XML,
                    page.replace("<Size>1", "<Size>one"),
                    ["ListBucketResult.Contents[0].Size: 'one' is no long"],
                ),
                (200, XML, page.replace("false", "no"), ["ListBucketResult.IsTruncated: 'no' is no boolean"]),
                (200, {**XML, "x-amz-more": "1"}, page, ["headers: unknown x-amz-more"]),
                (
                    200,
                    {"content-type": "application/xml"},
                    page,
                    ["headers: no x-amz-request-id", "headers: no x-amz-id-2"],
                ),
                (
                    404,
                    XML,
                    "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>",
                    ["error: no RequestId", "error: no HostId"],
                ),
            ],
        )
        self.check(
            "s3",
            "DeleteObject",
            [
                (204, IDS, "", []),
                (200, IDS, "", ["status: 200, modelled as 204"]),
                (204, IDS, "x", ["body: b'x' where the model has none"]),
            ],
        )
        self.check(
            "s3",
            "HeadObject",
            [
                (404, IDS, "", []),
                (404, IDS, "<Error/>", ["body: an answer without a body has one"]),
                (200, {**IDS, "last-modified": "today"}, "", ["last-modified: 'today' is no rfc822 date"]),
            ],
        )
