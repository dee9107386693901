"""A stand-in for KillBill: it answers each request after a lognormal time, SLOTS of them at once, first come first served.

    python killbill.py PORT SLOTS MEAN_SECONDS CV
"""

import asyncio
import math
import random
import sys

PORT, SLOTS, MEAN, CV = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
SIGMA = math.sqrt(math.log(1 + CV * CV))
TIMES = random.Random(1)
ANSWER = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


async def answer(reader, writer, slots):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            start = head.find(b"content-length:")
            if start >= 0:
                await reader.readexactly(int(head[start + 15 : head.index(b"\r\n", start)]))
            async with slots:
                await asyncio.sleep(TIMES.lognormvariate(math.log(MEAN) - SIGMA * SIGMA / 2, SIGMA))
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve():
    slots = asyncio.Semaphore(SLOTS)
    server = await asyncio.start_server(lambda reader, writer: answer(reader, writer, slots), "127.0.0.1", PORT, backlog=2048)
    await server.serve_forever()


asyncio.run(serve())
