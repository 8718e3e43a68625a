#include "engine/diagnosis_sentences.hpp"

#include <algorithm>
#include <cstdio>

namespace millrace::engine {

namespace {

using std::chrono::nanoseconds;

std::string text(const char* format, double value) {
  char out[32];  // NOLINT: written by snprintf
  (void)std::snprintf(out, sizeof out, format, value);
  return out;
}
std::string rate(double per_s) {
  if (per_s >= 1e6) return text("%.2f M events/s", per_s / 1e6);
  return per_s >= 1e4 ? text("%.1f k events/s", per_s / 1e3) : text("%.0f events/s", per_s);
}
/// "sink store/0"
std::string title(const observed_task& t) {
  return std::string{to_string(t.kind)} + " " + t.name;
}

}  // namespace

std::string percent_words(double share) {
  return text("%.0f %%", share * 100);
}
std::string span_words(nanoseconds d) {
  const auto s = std::chrono::duration<double>(d).count();
  if (s >= 1) return text("%.1f s", s);
  return s >= 0.001 ? text("%.0f ms", s * 1e3) : text("%.0f us", s * 1e6);
}

diagnosis explanation::standing(const observed_task& t) const {
  return {cause::breakpoint, t.name, t.stopped_at, {}, {}};
}
diagnosis explanation::fault(const std::string& where, const std::string& what) const {
  return {cause::injected_fault, where, "a fault was put on " + where + ": " + what, {}, {}, 0, what};
}

diagnosis explanation::retries(const observed_task& t, const char* consequence) const {
  return {cause::retries, t.name, t.name + " fails and tries again" + consequence + ": see the log", {}, {}};
}

std::string explanation::name_of(const observed_channel& c) const {
  return run_.tasks[c.source].name + " -> " + run_.tasks[c.target].name;
}

diagnosis explanation::at_work(const observed_task& t) const {
  const auto figures =
      title(t) + " does all it can: busy " + percent_words(t.busy) + " of the time, " + rate(t.in_per_s);
  if (t.ready > t.busy) {
    return {cause::few_threads,
            t.name,
            title(t) + " has work and waits for a thread " + percent_words(t.ready) + " of the time: all " +
                std::to_string(run_.threads) + " threads are taken; it is busy " + percent_words(t.busy) + ", " +
                rate(t.in_per_s),
            {},
            {}};
  }
  if (t.cpu >= 0 && t.cpu < explains) {
    return {cause::outside_call,
            t.name,
            figures + ", but only " + percent_words(t.cpu) +
                " of that is computing: its handlers wait for something outside (a service, a disk, a lock)",
            {},
            {}};
  }
  const auto waits = t.ready >= held_up ? ", and waits for a thread " + percent_words(t.ready) : std::string{};
  return {cause::processor,
          t.name,
          figures + waits + ", and computes all the while: it needs more partitions or less work",
          {},
          {}};
}

diagnosis explanation::stuck(const observed_task& t) const {
  return {cause::stuck,
          t.name,
          title(t) + " has been in one call for " + span_words(t.stepping_for) +
              "; the oldest event that waits for it is " + span_words(t.oldest_unfinished) + " old",
          {},
          {}};
}

diagnosis explanation::frozen(const observed_task& t) const {
  return {cause::slow_disk,
          t.name,
          title(t) + " stands still for snapshots " + percent_words(t.freeze) +
              " of the time: what it makes durable at each of them takes long (a slow disk or target)",
          {},
          {}};
}

diagnosis explanation::slow_channel(const observed_channel& c) const {
  const auto& t = run_.tasks[c.target];
  if (c.is_held) return alignment(c.target);
  return {cause::slow_channel,
          name_of(c),
          "the channel " + name_of(c) + " is " + percent_words(c.fill) + " full while " + t.name + " is busy only " +
              percent_words(t.busy) + " of the time: events are long on their way",
          {},
          {}};
}

diagnosis explanation::alignment(std::uint32_t task) const {
  const auto& t = run_.tasks[task];
  std::string late;
  for (const auto& c : run_.channels) {
    if (c.target == task && !c.is_held) late += (late.empty() ? "" : ", ") + run_.tasks[c.source].name;
  }
  return {cause::alignment,
          t.name,
          title(t) + " waits for the barrier of a snapshot " + percent_words(t.align) + " of the time" +
              (late.empty() ? std::string{} : ": it is late from " + late),
          {},
          {}};
}

diagnosis explanation::skew(const observed_task& t, const std::string& router, const std::vector<hot_key>& keys) const {
  diagnosis d{cause::hot_key, t.name, {}, {}, {}};
  const auto least = hot_share(static_cast<std::uint32_t>(
      std::ranges::count_if(run_.tasks, [&](const observed_task& o) { return o.actor == t.actor; })));
  for (const auto& k : keys) {
    if (k.share - k.error >= least) d.keys.push_back(k);
  }
  std::string named;
  for (const auto& k : d.keys) named += (named.empty() ? "" : ", ") + k.key + " (" + percent_words(k.share) + ")";
  d.sentence = title(t) + " has more than its part: busy " + percent_words(t.busy) + ", " + rate(t.in_per_s) +
               ", because of " + (d.keys.size() == 1 ? "the key " : "the keys ") + named + " at " + router +
               "; more partitions do not help, salting the key does (docs/skew.md)";
  return d;
}

}  // namespace millrace::engine
