"""What Polyptych says of a call that failed."""

import time

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

# Refused for now, and nothing was changed. Points (`QUOTA_EXHAUSTED`) may be hours away, so they are not waited for.
PASSING = {"PROVIDER_TIMEOUT", "PROVIDER_UNAVAILABLE", "RATE_LIMITED", "REQUEST_RUNNING", "SPOOL_FULL", "UPLOAD_INTERRUPTED"}

# Without a reason these say that no answer of the server came.
LOST = {grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}

LONGEST_WAIT = 30


class Told:
    """The details of a status: of a failed call, or of an item of an operation."""

    def __init__(self, status):
        self.message = status.message if status else ""
        self.reason = ""
        self.metadata = {}
        self.fields = []
        self.retry_after = None
        for detail in status.details if status else []:
            info = error_details_pb2.ErrorInfo()
            bad = error_details_pb2.BadRequest()
            retry = error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                self.reason, self.metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(bad):
                self.fields = [(one.field, one.description) for one in bad.field_violations]
            elif detail.Unpack(retry):
                self.retry_after = retry.retry_delay.ToTimedelta()

    @classmethod
    def of(cls, error):
        """Of a failed call. Without a status the server did not answer."""
        return cls(rpc_status.from_call(error))

    @property
    def applied(self):
        """Whether the library was changed all the same: `no`, `yes`, or `unknown` where nobody can tell."""
        return self.metadata.get("applied", "unknown")


def repeated(call, tries=4):
    """Calls until it works. `call` carries the same `request_id` each time, so that nothing is done twice."""
    for left in reversed(range(tries)):
        try:
            return call()
        except grpc.RpcError as error:
            told = Told.of(error)
            passing = told.reason in PASSING and told.applied == "no"
            lost = not told.reason and error.code() in LOST
            wait = told.retry_after.total_seconds() if told.retry_after else 2 ** (tries - left - 1)
            if not left or not (passing or lost) or wait > LONGEST_WAIT:
                raise
            time.sleep(wait)
