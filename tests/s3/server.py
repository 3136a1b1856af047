"""A server that speaks S3, for tests: moto, with a bucket, a user who may use it and one who may not. It says in one line of
JSON where it is and what their keys are, checks every signature from then on, and ends when its input does."""

import json
import logging
import os
import sys
import urllib.request

# moto's own client wants some keys, which nobody checks yet.
os.environ.update(AWS_ACCESS_KEY_ID="setup", AWS_SECRET_ACCESS_KEY="setup", AWS_DEFAULT_REGION="us-east-1")
logging.disable(logging.CRITICAL)

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "pictures"

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"


def client(service):
    return boto3.client(service, endpoint_url=endpoint)


def keys(user, actions):
    iam = client("iam")
    iam.create_user(UserName=user)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.put_user_policy(UserName=user, PolicyName=user, PolicyDocument=json.dumps(policy))
    made = iam.create_access_key(UserName=user)["AccessKey"]
    return {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}


client("s3").create_bucket(Bucket=BUCKET)
told = {
    "endpoint": endpoint,
    "bucket": BUCKET,
    "owner": keys("owner", "s3:*"),
    "stranger": keys("stranger", "iam:GetUser"),
}
check = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", data=b"0", method="POST")
check.add_header("Content-Type", "text/plain")
urllib.request.urlopen(check).read()

print(json.dumps(told), flush=True)
sys.stdin.read()
os._exit(0)
