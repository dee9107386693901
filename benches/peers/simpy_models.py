"""The two models in SimPy, one run each: `simpy_models.py mm1 CUSTOMERS` or
`simpy_models.py pool CYCLES C_SERVERS`.

Prints one JSON object: the outcome, and the wall time of the run in seconds.

Python's own generator is used (random.expovariate, random.lognormvariate), as SimPy's users do.
SimPy cannot take a Timeout out of its calendar: a cycle is a process that the client awaits
together with a Timeout (`yield cycle | timeout`) and interrupts if the Timeout was first; else the
Timeout stays in the calendar until its time comes and does nothing.
"""

import json
import math
import random
import sys
import time

import simpy

MM1_INTERARRIVAL, MM1_SERVICE = 1.25, 1.0
CLIENTS, TOKENS, A_SERVERS, B_SERVERS = 200, 20, 1, 8
A_MEAN, B_MEAN, B_CV, C_MEAN, C_VISITS = 0.010, 0.100, 0.5, 0.020, 2
TIMEOUT = 30.0
SEED = 20_240_229


class Outcome:
    """Sums over the completed units; `done` is triggered by the last one."""

    def __init__(self, env, wanted):
        self.env = env
        self.wanted = wanted
        self.done = env.event()
        self.units, self.total, self.end, self.timeouts = 0, 0.0, 0.0, 0

    def complete(self, begun):
        if self.units < self.wanted:
            self.units += 1
            self.end = self.env.now
            self.total += self.end - begun
            if self.units == self.wanted:
                self.done.succeed()


def arrivals(env, server, outcome):
    while True:
        yield env.timeout(random.expovariate(1 / MM1_INTERARRIVAL))
        env.process(customer(env, server, outcome))


def customer(env, server, outcome):
    begun = env.now
    with server.request() as request:
        yield request
        yield env.timeout(random.expovariate(1 / MM1_SERVICE))
    outcome.complete(begun)


def mm1(env, customers):
    outcome = Outcome(env, customers)
    env.process(arrivals(env, simpy.Resource(env, 1), outcome))
    return outcome


class Network:
    def __init__(self, env, c_servers):
        self.a = simpy.Resource(env, A_SERVERS)
        self.tokens = simpy.Resource(env, TOKENS)
        self.b = simpy.Resource(env, B_SERVERS)
        self.c = simpy.Resource(env, c_servers)
        variance = math.log(1 + B_CV**2)
        self.b_mu = math.log(B_MEAN) - variance / 2
        self.b_sigma = math.sqrt(variance)


def cycle(env, net):
    try:
        with net.a.request() as request:
            yield request
            yield env.timeout(random.expovariate(1 / A_MEAN))
        with net.tokens.request() as token:
            yield token
            with net.b.request() as request:
                yield request
                yield env.timeout(random.lognormvariate(net.b_mu, net.b_sigma))
        for _ in range(C_VISITS):
            with net.c.request() as request:
                yield request
                yield env.timeout(random.expovariate(1 / C_MEAN))
    except simpy.Interrupt:
        pass


def client(env, net, outcome):
    while True:
        begun = env.now
        work = env.process(cycle(env, net))
        yield work | env.timeout(TIMEOUT)
        if work.is_alive:
            work.interrupt()
            outcome.timeouts += 1
        else:
            outcome.complete(begun)


def pool(env, cycles, c_servers):
    outcome = Outcome(env, cycles)
    net = Network(env, c_servers)
    for _ in range(CLIENTS):
        env.process(client(env, net, outcome))
    return outcome


def main():
    model = {"mm1": mm1, "pool": pool}[sys.argv[1]]
    random.seed(SEED)
    begun = time.perf_counter()
    env = simpy.Environment()
    outcome = model(env, *map(int, sys.argv[2:]))
    env.run(until=outcome.done)
    wall = time.perf_counter() - begun
    print(
        json.dumps(
            {
                "units": outcome.units,
                "total": outcome.total,
                "end": outcome.end,
                "timeouts": outcome.timeouts,
                "wall": wall,
            }
        )
    )


if __name__ == "__main__":
    main()
