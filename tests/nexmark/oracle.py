#!/usr/bin/env python3
"""Checks the output of Nexmark queries against answers worked out the slow way.

    oracle.py EVENTS.jsonl q0=OUTPUT.jsonl q4=OUTPUT.jsonl …

Reads the generated events as one batch, answers each query from its meaning (docs/nexmark.md) with plain dictionaries and
lists, without windows closing, watermarks or state that is dropped, and compares. Exit code 1 when any differs.
"""

import json
import sys
import time
from collections import Counter, defaultdict

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


class Events:
    def __init__(self, path):
        self.persons, self.auctions, self.bids = [], [], []
        kinds = {"person": self.persons, "auction": self.auctions, "bid": self.bids}
        with open(path) as lines:
            for line in lines:
                event = json.loads(line)
                kinds[event["kind"]].append(event)
        self.auction_of = {a["id"]: a for a in self.auctions}
        assert len(self.auction_of) == len(self.auctions), "auction ids are unique"


def rows(fields, records):
    """Records as a multiset of tuples."""
    return Counter(tuple(r[f] for f in fields) for r in records)


def last_by(key, fields, records):
    """What a table of updates comes to: the last record of each key."""
    table = {}
    for r in records:
        table[tuple(r[k] for k in key)] = tuple(r[f] for f in fields)
    return table


def price_class(price):
    return 0 if price < 10_000 else 1 if price < 1_000_000 else 2


BID = ["auction", "bidder", "price", "date_time"]


def q0(e):
    return rows(BID + ["extra"], e.bids)


def q1(e):
    return Counter((b["auction"], b["bidder"], b["price"] * 0.908, b["date_time"], b["extra"]) for b in e.bids)


def q2(e):
    return Counter((b["auction"], b["price"]) for b in e.bids if b["auction"] % 123 == 0)


def q3(e):
    sellers = defaultdict(list)
    for p in e.persons:
        if p["state"] in ("OR", "ID", "CA"):
            sellers[p["id"]].append(p)
    return Counter(
        (p["name"], p["city"], p["state"], a["id"])
        for a in e.auctions
        if a["category"] == 10
        for p in sellers[a["seller"]]
    )


def valid_bids(e):
    """Per auction the bids made while it ran."""
    found = defaultdict(list)
    for b in e.bids:
        a = e.auction_of.get(b["auction"])
        if a and a["date_time"] <= b["date_time"] <= a["expires"]:
            found[a["id"]].append(b)
    return found


def q4(e):
    finals = defaultdict(list)
    for auction, bids in valid_bids(e).items():
        finals[e.auction_of[auction]["category"]].append(max(b["price"] for b in bids))
    return {(c,): (c, sum(prices) / len(prices)) for c, prices in finals.items()}


def q6(e):
    finals = defaultdict(list)
    for auction, bids in valid_bids(e).items():
        a = e.auction_of[auction]
        finals[a["seller"]].append((a["expires"], auction, max(b["price"] for b in bids)))
    table = {}
    for seller, closed in finals.items():
        last = [price for _, _, price in sorted(closed)[-10:]]
        table[(seller,)] = (seller, sum(last) / len(last))
    return table


def q5(e):
    counts = defaultdict(Counter)
    for b in e.bids:
        last = b["date_time"] // (2 * SECOND)
        for slide in range(last - 4, last + 1):  # windows [2 s · slide, + 10 s)
            counts[slide][b["auction"]] += 1
    winners = Counter()
    for slide, of_auction in counts.items():
        most = max(of_auction.values())
        for auction, n in of_auction.items():
            if n == most:
                start = slide * 2 * SECOND
                winners[(start, start + 10 * SECOND, auction, n)] += 1
    return winners


def q7(e):
    windows = defaultdict(list)
    for b in e.bids:
        windows[b["date_time"] // (10 * SECOND)].append(b)
    found = Counter()
    for bids in windows.values():
        most = max(b["price"] for b in bids)
        found.update(rows(BID + ["extra"], [b for b in bids if b["price"] == most]))
    return found


def q8(e):
    sales = {(a["seller"], a["date_time"] // (10 * SECOND)) for a in e.auctions}
    return Counter(
        (p["id"], p["name"], p["date_time"] // (10 * SECOND) * 10 * SECOND)
        for p in e.persons
        if (p["id"], p["date_time"] // (10 * SECOND)) in sales
    )


AUCTION = ["id", "item_name", "description", "initial_bid", "reserve", "date_time", "expires", "seller", "category", "extra"]


def q9(e):
    table = {}
    for auction, bids in valid_bids(e).items():
        best = min(bids, key=lambda b: (-b["price"], b["date_time"], b["number"]))
        a = e.auction_of[auction]
        table[(auction,)] = tuple(a[f] for f in AUCTION) + (
            best["bidder"],
            best["price"],
            best["date_time"],
            best["extra"],
        )
    return table


def q10(e):
    def minute(b):
        return time.strftime("%H:%M", time.gmtime(b["date_time"] // SECOND))

    def day(b):
        return time.strftime("%Y-%m-%d", time.gmtime(b["date_time"] // SECOND))

    return Counter(tuple(b[f] for f in BID + ["extra"]) + (day(b), minute(b)) for b in e.bids)


def q11(e):
    times = defaultdict(list)
    for b in e.bids:
        times[b["bidder"]].append(b["date_time"])
    sessions = Counter()
    for bidder, of_bidder in times.items():
        of_bidder.sort()
        first = last = of_bidder[0]
        n = 0
        for t in of_bidder:
            if t - last >= 10 * SECOND:
                sessions[(bidder, n, first, last + 10 * SECOND)] += 1
                first, n = t, 0
            last = t
            n += 1
        sessions[(bidder, n, first, last + 10 * SECOND)] += 1
    return sessions


def q12(e):
    return Counter(b["bidder"] for b in e.bids)


def q13(e):
    return Counter(
        (b["auction"], b["bidder"], b["price"], b["date_time"], "value-%d" % (b["auction"] % 10_000)) for b in e.bids
    )


def q14(e):
    found = Counter()
    for b in e.bids:
        price = 0.908 * b["price"]
        if not 1_000_000 < price < 50_000_000:
            continue
        hour = b["date_time"] // HOUR % 24
        kind = "dayTime" if 8 <= hour <= 18 else "nightTime" if hour <= 6 or hour >= 20 else "otherTime"
        found[(b["auction"], b["bidder"], price, kind, b["date_time"], b["extra"], b["extra"].count("c"))] += 1
    return found


def daily(e, key):
    groups = defaultdict(list)
    for b in e.bids:
        groups[key(b)].append(b)
    table = {}
    for k, bids in groups.items():
        figures = []
        for distinct in (lambda b: b["number"], lambda b: b["bidder"], lambda b: b["auction"]):
            figures.append(len({distinct(b) for b in bids}))
            for rank in range(3):
                figures.append(len({distinct(b) for b in bids if price_class(b["price"]) == rank}))
        table[k] = k + tuple(figures)
    return table


def q15(e):
    return daily(e, lambda b: (b["date_time"] // DAY,))


def q16(e):
    return daily(e, lambda b: (b["channel"], b["date_time"] // DAY))


def q17(e):
    prices = defaultdict(list)
    for b in e.bids:
        prices[(b["auction"], b["date_time"] // DAY)].append(b["price"])
    table = {}
    for key, of_key in prices.items():
        ranks = Counter(map(price_class, of_key))
        table[key] = key + (
            len(of_key),
            ranks[0],
            ranks[1],
            ranks[2],
            min(of_key),
            max(of_key),
            sum(of_key) / len(of_key),
            sum(of_key),
        )
    return table


FULL_BID = BID + ["channel", "url", "extra"]


def q18(e):
    last = {}
    for b in sorted(e.bids, key=lambda b: (b["date_time"], b["number"])):
        last[(b["bidder"], b["auction"])] = tuple(b[f] for f in FULL_BID)
    return last


def q19(e):
    of_auction = defaultdict(list)
    for b in e.bids:
        of_auction[b["auction"]].append(b)
    table = Counter()
    for bids in of_auction.values():
        bids.sort(key=lambda b: (-b["price"], b["number"]))
        table.update(rows(["number"] + FULL_BID, bids[:10]))
    return table


def q20(e):
    found = Counter()
    for b in e.bids:
        a = e.auction_of.get(b["auction"])
        if a and a["category"] == 10:
            found[tuple(b[f] for f in FULL_BID) + tuple(a[f] for f in AUCTION)] += 1
    return found


def q21(e):
    known = {"apple": "0", "google": "1", "facebook": "2", "baidu": "3"}
    found = Counter()
    for b in e.bids:
        channel_id = known.get(b["channel"].lower())
        if channel_id is None:
            parts = [p for p in b["url"].split("&") if p.startswith("channel_id=")]
            if not parts:
                continue
            channel_id = parts[0][len("channel_id=") :]
        found[(b["auction"], b["bidder"], b["price"], b["channel"], channel_id)] += 1
    return found


def q22(e):
    return Counter(
        (b["auction"], b["bidder"], b["price"], b["channel"], *b["url"].split("/")[3:6]) for b in e.bids
    )


# How the output of each query is read: as a multiset of rows, or as updates that come to a final table.

DAILY = [
    rank + what for what in ("bids", "bidders", "auctions") for rank in ("total_", "rank1_", "rank2_", "rank3_")
]


def top_ten(records):
    inside = {}
    for r in records:
        if r["falls_out"]:
            del inside[r["number"]]
        else:
            inside[r["number"]] = r
    return rows(["number"] + FULL_BID, inside.values())


def sum_by_bidder(records):
    sums = Counter()
    for r in records:
        sums[r["bidder"]] += r["bids"]
    return sums


READ = {
    "q0": lambda o: rows(BID + ["extra"], o),
    "q1": lambda o: rows(BID + ["extra"], o),
    "q2": lambda o: rows(["auction", "price"], o),
    "q3": lambda o: rows(["name", "city", "state", "id"], o),
    "q4": lambda o: last_by(["category"], ["category", "average"], o),
    "q6": lambda o: last_by(["seller"], ["seller", "average"], o),
    "q5": lambda o: rows(["start", "end", "auction", "bids"], o),
    "q7": lambda o: rows(BID + ["extra"], o),
    "q8": lambda o: rows(["id", "name", "window_start"], o),
    "q9": lambda o: last_by(["id"], AUCTION + ["bidder", "price", "bid_date_time", "bid_extra"], o),
    "q10": lambda o: rows(BID + ["extra", "day", "minute"], o),
    "q11": lambda o: rows(["bidder", "bids", "start", "end"], o),
    "q12": sum_by_bidder,
    "q13": lambda o: rows(BID + ["value"], o),
    "q14": lambda o: rows(["auction", "bidder", "price", "bid_time_type", "date_time", "extra", "c_counts"], o),
    "q15": lambda o: last_by(["day"], ["day"] + DAILY, o),
    "q16": lambda o: last_by(["channel", "day"], ["channel", "day"] + DAILY, o),
    "q17": lambda o: last_by(
        ["auction", "day"],
        ["auction", "day", "total_bids", "rank1_bids", "rank2_bids", "rank3_bids"]
        + ["min_price", "max_price", "avg_price", "sum_price"],
        o,
    ),
    "q18": lambda o: last_by(["bidder", "auction"], FULL_BID, o),
    "q19": top_ten,
    "q20": lambda o: rows(
        ["auction", "bidder", "price", "bid_date_time", "channel", "url", "bid_extra"]
        + ["auction", "item_name", "description", "initial_bid", "reserve", "auction_date_time", "expires"]
        + ["seller", "category", "auction_extra"],
        o,
    ),
    "q21": lambda o: rows(["auction", "bidder", "price", "channel", "channel_id"], o),
    "q22": lambda o: rows(["auction", "bidder", "price", "channel", "dir1", "dir2", "dir3"], o),
}


def difference(wanted, found):
    """A few lines that show where two answers part."""
    if isinstance(wanted, Counter):
        missing, extra = list((wanted - found).items()), list((found - wanted).items())
        return "%d missing, e.g. %s; %d too many, e.g. %s" % (len(missing), missing[:2], len(extra), extra[:2])
    wrong = [(k, wanted.get(k), found.get(k)) for k in wanted.keys() | found.keys() if wanted.get(k) != found.get(k)]
    return "%d keys differ, e.g. (key, wanted, found) %s" % (len(wrong), wrong[:3])


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    events = Events(arguments[0])
    failed = False
    for argument in arguments[1:]:
        query, path = argument.split("=", 1)
        with open(path) as lines:
            found = READ[query](map(json.loads, lines))
        wanted = globals()[query](events)
        if found == wanted:
            print("%s: equal, %d rows" % (query, sum(wanted.values()) if isinstance(wanted, Counter) else len(wanted)))
        else:
            failed = True
            print("%s: DIFFERS: %s" % (query, difference(wanted, found)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
