#include "nexmark/query.hpp"

#include <algorithm>
#include <array>

namespace millrace::nexmark {

std::span<const query> queries() {
  static constexpr std::array all{
      query{"q0", "all bids, passed on", q0},
      query{"q1", "bids with their price in another currency", q1},
      query{"q2", "bids on some auctions", q2},
      query{"q3", "who sells in category 10, in three states (join)", q3},
      query{"q4", "average final price per category (join, aggregate)", q4},
      query{"q5", "auctions with the most bids, sliding 10 s by 2 s", q5},
      query{"q6", "average final price of the ten auctions a seller closed last (join)", q6},
      query{"q7", "highest bids of every 10 s", q7},
      query{"q8", "new persons who sold within their first 10 s window (join)", q8},
      query{"q9", "winning bid of every auction (join)", q9},
      query{"q10", "bids in files by day and minute", q10},
      query{"q11", "bids per bidder and session, gap 10 s", q11},
      query{"q12", "bids per bidder in 10 s of processing time", q12},
      query{"q13", "bids with a value from a side table", q13},
      query{"q14", "bids in a price range, by time of day, letters counted", q14},
      query{"q15", "per day: bids, distinct bidders and auctions by price class", q15},
      query{"q16", "per channel and day: bids, distinct bidders and auctions by price class", q16},
      query{"q17", "per auction and day: bids by price class, lowest, highest, average, sum", q17},
      query{"q18", "last bid of every bidder on every auction", q18},
      query{"q19", "ten highest bids of every auction", q19},
      query{"q20", "bids with their auction, category 10 (join)", q20},
      query{"q21", "bids with their channel's id", q21},
      query{"q22", "bids with the parts of their URL", q22},
  };
  return all;
}

const query* find_query(const std::string& name) {
  const auto all = queries();
  const auto at = std::ranges::find_if(all, [&](const query& q) { return name == q.name; });
  return at == all.end() ? nullptr : &*at;
}

query_topology::query_topology(std::string name, const query_options& o) : options_{o} {
  made_.name = "nexmark_" + std::move(name);
  made_.settings.snapshot_interval = o.snapshot_interval;
  made_.add("events", "millrace.nexmark.events", o.source, o.partitions);
}

query_topology& query_topology::then(const std::string& type, std::map<std::string, param_value> params) {
  made_.add(type, "millrace.nexmark." + type, std::move(params), options_.partitions);
  made_.connect(last_, type);
  last_ = type;
  return *this;
}

query_topology& query_topology::by_key_then(const std::string& type) {
  const auto from = last_;
  made_.add(type, "millrace.nexmark." + type, {}, options_.partitions);
  last_ = type;
  return also_by_key(from);
}

query_topology& query_topology::also_by_key(const std::string& from) {
  const auto router = "route" + std::to_string(++routers_);
  made_.add(router, "millrace.by_key");
  made_.connect(from, router).connect(router, last_);
  return *this;
}

topology query_topology::finish(const std::string& split_by) {
  if (options_.output_folder.empty()) {
    made_.add("output", "millrace.null_sink", {}, options_.partitions);
  } else {
    made_.add("output", "millrace.file_sink",
              {{"path", options_.output_folder},
               {"format", std::string{"jsonl"}},
               {"time_format", std::string{"ns"}},
               {"split_by", split_by}},
              options_.partitions);
  }
  made_.connect(last_, "output");
  return std::move(made_);
}

}  // namespace millrace::nexmark
