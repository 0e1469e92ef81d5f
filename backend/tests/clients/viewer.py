"""A viewer in another language, by another WebSocket library: the protocol is what docs/protocol.md says.

Usage: viewer.py ADDRESS:PORT VIEW-TOKEN CONTROL-TOKEN. Exits with 0 and a line when all is as it should be.
"""

import asyncio
import json
import sys

import websockets

ADDRESS, VIEW, CONTROL = sys.argv[1:]
URL = f"ws://{ADDRESS}/ws"


def join(token, **more):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # The parameter was renamed in version 14.
    major = int(websockets.__version__.split(".")[0])
    name = "additional_headers" if major >= 14 else "extra_headers"
    return websockets.connect(URL, max_size=None, **{name: headers}, **more)


async def until(socket, *kinds):
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), 30))
        for kind in kinds:
            if kind in message:
                return kind, message[kind]


async def watch():
    async with join(VIEW, subprotocols=["runqlat-web.v2.json"]) as viewer:
        assert viewer.subprotocol == "runqlat-web.v2.json"
        _, snapshot = await until(viewer, "snapshot")
        assert snapshot["protocol"] == 2 and snapshot["may_control"] is False
        seq = snapshot["seq"]
        for _ in range(5):
            _, interval = await until(viewer, "interval")
            seq += 1
            assert interval["column"]["seq"] == seq
        # Its pings are answered, as it answers those of the server.
        await asyncio.wait_for(await viewer.ping(), 30)
        await viewer.send(json.dumps({"set_scope": {"scope": {"key": "thread"}}}))
        kind, refused = await until(viewer, "scope", "scope_refused")
        assert kind == "scope_refused" and "may control" in refused["reason"], refused


async def control():
    async with join(CONTROL) as controller:
        _, snapshot = await until(controller, "snapshot")
        assert snapshot["may_control"] is True
        await controller.send(json.dumps({"set_scope": {"scope": {"key": "thread"}}}))
        kind, change = await until(controller, "scope", "scope_refused")
        assert kind == "scope" and change["scope"]["key"] == "thread", change


async def stranger():
    try:
        async with join(None):
            raise AssertionError("let in without a token")
    except websockets.InvalidHandshake as refused:
        assert "401" in str(refused), refused


async def from_before():
    """A viewer of the version before is told so, instead of what it can't read."""
    async with join(VIEW, subprotocols=["runqlat-web.v1.json"]) as viewer:
        try:
            raise AssertionError(await asyncio.wait_for(viewer.recv(), 30))
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd.code == 4426 and "reload" in closed.rcvd.reason, closed


async def main():
    await watch()
    await control()
    await stranger()
    await from_before()
    print(f"websockets {websockets.__version__}: all as documented")


asyncio.run(main())
