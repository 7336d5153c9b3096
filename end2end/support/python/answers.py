"""Compares answers as they came over the wire with AWS's own model of them, which botocore carries.

botocore forgives much: it skips elements it does not know and leaves out members that are not there. A server that
writes a wrong name therefore looks to boto3 like one that has nothing to say. Here nothing is forgiven.
"""

import base64
import binascii
import json
import re
from xml.etree import ElementTree

from botocore.utils import parse_timestamp

# Root elements of answers whose model names none (Amazon S3 API Reference, "Response Syntax" of each operation).
S3_ROOTS = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketLocation": "LocationConstraint",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}
# Headers that every answer of S3 carries, or that HTTP gives a meaning of its own.
S3_HEADERS = {"x-amz-request-id", "x-amz-id-2", "x-amz-bucket-region"}
# Fields that S3 puts into errors beside code and message (Amazon S3 API Reference, "Error responses").
ERROR_FIELDS = re.compile(r"^[A-Z][A-Za-z0-9]*$")
# Values that AWS answers although its own model does not have them.
BEYOND_THE_MODEL = {
    ("PermissionsBoundaryAttachmentType", "Policy"),
    ("PolicySourceType", "IAM Policy"),
    ("GrantNameType", ""),
}
# Errors that KMS gives without a word.
WORDLESS = {"InvalidCiphertextException", "SerializationException"}

TEXT = {
    "boolean": re.compile(r"^(true|false)$"),
    "integer": re.compile(r"^-?[0-9]+$"),
    "long": re.compile(r"^-?[0-9]+$"),
    "float": re.compile(r"^-?[0-9]+(\.[0-9]+)?(E-?[0-9]+)?$"),
    "double": re.compile(r"^-?[0-9]+(\.[0-9]+)?(E-?[0-9]+)?$"),
}
DATES = {
    "iso8601": re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"),
    "rfc822": re.compile(r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$"),
}


def complaints(operation, answer):
    """What is wrong with an answer, a sentence each; none if AWS could have given it.

    `operation` is botocore's model of the operation, `answer` its dictionary of `status_code`, `headers`, `body`.
    """
    check = _Check(operation, answer)
    check.run()
    return [f"{operation.service_model.service_name} {operation.name}: {what}" for what in check.found]


class _Check:
    def __init__(self, operation, answer):
        self.operation = operation
        self.service = operation.service_model
        self.protocol = self.service.resolved_protocol
        self.status = answer["status_code"]
        self.headers = {name.lower(): value for name, value in answer["headers"].items()}
        self.body = answer["body"] if isinstance(answer["body"], bytes) else b""
        self.found = []

    def complain(self, path, what):
        self.found.append(f"{path}: {what}")

    def run(self):
        failed = self.status >= 300
        if not failed:
            self.success_status()
        getattr(self, {"json": "json", "query": "query", "ec2": "query", "rest-xml": "rest"}[self.protocol])(failed)

    def success_status(self):
        modelled = self.operation.http.get("responseCode")
        # A part of an object is 206, which the model leaves to the caller.
        partial = self.status == 206 and "content-range" in self.headers
        if modelled and modelled != self.status and not partial:
            self.complain("status", f"{self.status}, modelled as {modelled}")

    # AWS JSON 1.1

    def json(self, failed):
        version = self.service.metadata["jsonVersion"]
        self.header("content-type", f"application/x-amz-json-{version}")
        self.must_have_header("x-amzn-requestid")
        shape = self.operation.output_shape
        if not failed and shape is None:
            # Operations without output answer with nothing at all.
            if self.body:
                self.complain("body", f"{self.body!r} where the model has none")
            return
        try:
            value = json.loads(self.body)
        except ValueError as error:
            return self.complain("body", f"not JSON: {error}")
        if not failed:
            return self.json_value("body", shape, value)
        for name in value:
            if name not in ("__type", "message", "Message"):
                self.json_error_member(value, name)
        self.error(value.get("__type"), value.get("message", value.get("Message")))

    def json_error_member(self, value, name):
        shape = self.service.shape_for_error_code(value.get("__type"))
        if shape is None or name not in shape.members:
            self.complain("error", f"unknown member {name}")

    def json_value(self, path, shape, value):
        kind = shape.type_name
        if value is None:
            return self.complain(path, "null")
        if kind == "structure":
            names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
            for name, inner in value.items():
                if name not in names:
                    self.complain(path, f"unknown member {name}")
                else:
                    self.json_value(f"{path}.{name}", shape.members[names[name]], inner)
            self.required(path, shape, {names[name] for name in value if name in names})
        elif kind == "list":
            for number, inner in enumerate(value):
                self.json_value(f"{path}[{number}]", shape.member, inner)
        elif kind == "map":
            for name, inner in value.items():
                self.json_value(f"{path}.{name}", shape.value, inner)
        elif kind == "timestamp":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                self.complain(path, f"{value!r} is no timestamp")
        elif kind == "boolean":
            if not isinstance(value, bool):
                self.complain(path, f"{value!r} is no boolean")
        elif kind in ("integer", "long"):
            if isinstance(value, bool) or not isinstance(value, int):
                self.complain(path, f"{value!r} is no {kind}")
        elif isinstance(value, str):
            self.scalar(path, shape, value)
        else:
            self.complain(path, f"{value!r} is no {kind}")

    # Query, and EC2's kind of it

    def query(self, failed):
        self.must_be_xml()
        root = self.xml()
        if root is None:
            return
        if failed:
            return self.query_error(root)
        self.named(root, f"{self.operation.name}Response", self.namespace())
        shape = self.operation.output_shape
        if self.protocol == "ec2":
            children = [child for child in root if _name(child) != "requestId"]
            if len(children) == len(root):
                self.complain("body", "no requestId")
            if shape is not None:
                self.structure("body", shape, children)
            return
        children = {_name(child): child for child in root}
        request_id = children.pop("ResponseMetadata", None)
        if request_id is None or [_name(child) for child in request_id] != ["RequestId"]:
            self.complain("body", "no ResponseMetadata with a RequestId alone")
        self.must_have_header("x-amzn-requestid")
        wrapper = shape.serialization.get("resultWrapper") if shape is not None else None
        result = children.pop(wrapper, None)
        if wrapper and result is None:
            self.complain("body", f"no {wrapper}")
        if result is not None:
            self.structure(wrapper, shape, list(result))
        for name in children:
            self.complain("body", f"unknown element {name}")

    def query_error(self, root):
        # EC2: <Response><Errors><Error><Code/><Message/></Error></Errors><RequestID/></Response>; all others:
        # <ErrorResponse><Error><Type/><Code/><Message/></Error><RequestId/></ErrorResponse>.
        ec2 = self.protocol == "ec2"
        self.named(root, "Response" if ec2 else "ErrorResponse", None if ec2 else self.namespace())
        expected = ["Errors", "RequestID"] if ec2 else ["Error", "RequestId"]
        if [_name(child) for child in root] != expected:
            return self.complain("error", f"holds {[_name(child) for child in root]}, not {expected}")
        error = root[0][0] if ec2 else root[0]
        fields = {_name(child): child.text for child in error}
        expected = ["Code", "Message"] if ec2 else ["Type", "Code", "Message"]
        if list(fields) != expected:
            self.complain("error", f"tells {list(fields)}, not {expected}")
        kind = "Sender" if self.status < 500 else "Receiver"
        if not ec2 and fields.get("Type") != kind:
            self.complain("error", f"a {self.status} is of the {kind}, not of {fields.get('Type')}")
        self.error(fields.get("Code"), fields.get("Message"))

    # REST with XML: S3

    def rest(self, failed):
        for name in ("x-amz-request-id", "x-amz-id-2"):
            self.must_have_header(name)
        if failed:
            return self.rest_error()
        shape = self.operation.output_shape
        members = shape.members if shape is not None else {}
        given = self.rest_headers(members)
        payload = members.get(shape.serialization.get("payload")) if shape is not None else None
        if payload is not None and payload.type_name in ("blob", "string"):
            return
        in_body = {name for name, member in members.items() if "location" not in member.serialization}
        if not in_body:
            if self.body:
                self.complain("body", f"{self.body[:80]!r} where the model has none")
            return self.required("answer", shape, given) if shape is not None else None
        self.must_be_xml()
        root = self.xml()
        if root is None:
            return
        if payload is not None:
            self.named(root, payload.serialization.get("name", payload.name), self.namespace())
            return self.structure(_name(root), payload, list(root))
        self.named(root, S3_ROOTS.get(self.operation.name), self.namespace())
        if self.operation.name == "GetBucketLocation":
            # The one answer whose root element is its value.
            return
        self.structure(_name(root), shape, list(root), given)

    def rest_headers(self, members):
        """Checks what the headers say; gives the members that are among them."""
        given, known, prefixes = set(), set(S3_HEADERS), []
        for name, member in members.items():
            place = member.serialization.get("location")
            header = member.serialization.get("name", name).lower()
            if place == "headers":
                prefixes.append(header)
            if place != "header":
                continue
            known.add(header)
            if header in self.headers:
                given.add(name)
                self.scalar(header, member, self.headers[header], "rfc822")
        for header in self.headers:
            if header.startswith("x-amz") and header not in known and not header.startswith(tuple(prefixes)):
                self.complain("headers", f"unknown {header}")
        return given

    def rest_error(self):
        if self.operation.http["method"] == "HEAD" or self.status == 304:
            if self.body:
                self.complain("body", "an answer without a body has one")
            return
        self.must_be_xml()
        root = self.xml()
        if root is None:
            return
        self.named(root, "Error", None)
        fields = {_name(child): child.text for child in root}
        for name in ("Code", "Message", "RequestId", "HostId"):
            if not fields.get(name):
                self.complain("error", f"no {name}")
        for name in fields:
            if not ERROR_FIELDS.match(name):
                self.complain("error", f"unknown element {name}")
        self.error(fields.get("Code"), fields.get("Message"))

    # What they share

    def error(self, code, message):
        if not code or not (message or code in WORDLESS):
            self.complain("error", f"code {code!r}, message {message!r}")
        shape = self.service.shape_for_error_code(code)
        status = shape.metadata.get("error", {}).get("httpStatusCode") if shape is not None else None
        if status and status != self.status:
            self.complain("status", f"{self.status} for {code}, modelled as {status}")

    def structure(self, path, shape, children, given=frozenset()):
        """Checks the elements that make up a structure; `given` are members that came in headers."""
        names = {self.element_name(name, member): name for name, member in shape.members.items()}
        found = {}
        for child in children:
            found.setdefault(_name(child), []).append(child)
        for name, nodes in found.items():
            member = shape.members.get(names.get(name))
            if member is None or "location" in member.serialization:
                self.complain(path, f"unknown element {name}")
            elif member.type_name == "list" and member.serialization.get("flattened"):
                for number, node in enumerate(nodes):
                    self.element(f"{path}.{name}[{number}]", member.member, node)
            elif len(nodes) > 1:
                self.complain(path, f"{name} {len(nodes)} times")
            else:
                self.element(f"{path}.{name}", member, nodes[0])
        self.required(path, shape, {names[name] for name in found if name in names} | given)

    def element(self, path, shape, node):
        kind = shape.type_name
        attributes = {
            member.serialization["name"].split(":")[1]
            for member in getattr(shape, "members", {}).values()
            if member.serialization.get("xmlAttribute")
        }
        for name in node.attrib:
            if name.split("}")[-1] not in attributes:
                self.complain(path, f"unknown attribute {name}")
        if kind == "structure":
            self.structure(
                path,
                shape,
                list(node),
                {name for name in shape.members if shape.members[name].serialization.get("xmlAttribute")},
            )
        elif kind == "list":
            wanted = shape.member.serialization.get("name", "member")
            for number, child in enumerate(node):
                if _name(child) != wanted:
                    self.complain(path, f"unknown element {_name(child)} instead of {wanted}")
                self.element(f"{path}[{number}]", shape.member, child)
        elif kind == "map":
            for entry in node:
                names = [_name(child) for child in entry]
                if names != ["key", "value"]:
                    return self.complain(path, f"an entry of {names}")
                self.element(f"{path}.{entry[0].text}", shape.value, entry[1])
        elif len(node):
            self.complain(path, f"elements within a {kind}")
        else:
            self.scalar(path, shape, node.text or "", "iso8601")

    def element_name(self, name, member):
        if member.type_name == "list" and member.serialization.get("flattened"):
            name = member.member.serialization.get("name", member.serialization.get("name", name))
            return name
        return member.serialization.get("name", name)

    def scalar(self, path, shape, text, date="iso8601"):
        kind = shape.type_name
        if kind in TEXT and not TEXT[kind].match(text):
            self.complain(path, f"{text!r} is no {kind}")
        elif kind == "timestamp":
            self.date(path, text, shape.serialization.get("timestampFormat", date))
        elif kind == "blob":
            try:
                base64.b64decode(text, validate=True)
            except binascii.Error:
                self.complain(path, f"{text[:40]!r} is not Base64")
        elif kind == "string":
            if (shape.name, text) in BEYOND_THE_MODEL:
                return
            if getattr(shape, "enum", None) and text not in shape.enum:
                self.complain(path, f"{text!r} is none of {shape.enum}")
            self.limits(path, shape, text)

    def limits(self, path, shape, text):
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
        if len(text) < least or (most is not None and len(text) > most):
            self.complain(path, f"{len(text)} characters, not {least} to {most}")
        pattern = shape.metadata.get("pattern")
        if pattern and "\\p{" not in pattern and not _matches(pattern, text):
            self.complain(path, f"{text!r} does not match {pattern}")

    def date(self, path, text, form):
        if form in DATES and not DATES[form].match(text):
            return self.complain(path, f"{text!r} is no {form} date")
        try:
            parse_timestamp(text)
        except ValueError as error:
            self.complain(path, str(error))

    def required(self, path, shape, given):
        for name in shape.required_members:
            if name not in given:
                self.complain(path, f"required {name} is missing")

    def namespace(self):
        namespaces = {
            "s3": "http://s3.amazonaws.com/doc/2006-03-01/",
            "ec2": f"http://ec2.amazonaws.com/doc/{self.service.api_version}/",
        }
        return namespaces.get(self.service.service_name) or self.service.metadata["xmlNamespace"]

    def named(self, root, name, namespace):
        expected = f"{{{namespace}}}{name}" if namespace else name
        if root.tag != expected:
            self.complain("body", f"its root is {root.tag}, not {expected}")

    def xml(self):
        try:
            return ElementTree.fromstring(self.body)
        except ElementTree.ParseError as error:
            self.complain("body", f"not XML: {error}: {self.body[:120]!r}")
            return None

    def must_be_xml(self):
        kind = self.headers.get("content-type", "").split(";")[0]
        if kind not in ("text/xml", "application/xml"):
            self.complain("headers", f"content-type {kind!r}")

    def header(self, name, value):
        if self.headers.get(name) != value:
            self.complain("headers", f"{name} is {self.headers.get(name)!r}, not {value!r}")

    def must_have_header(self, name):
        if not self.headers.get(name):
            self.complain("headers", f"no {name}")


def _matches(pattern, text):
    try:
        return re.fullmatch(pattern, text, re.DOTALL) is not None
    except re.error:
        return True


def _name(node):
    return node.tag.split("}")[-1]
