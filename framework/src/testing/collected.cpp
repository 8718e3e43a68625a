#include "millrace/testing/collected.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "millrace/convert.hpp"
#include "millrace/record_text.hpp"

namespace millrace::testing {

namespace {

constexpr std::size_t shown_max = 4;

using entry = collected::entry;

void append_value(std::string& out, const value& v) {
  const auto put = [&](const void* data, std::size_t n) { out.append(static_cast<const char*>(data), n); };
  const auto kind = v.kind();
  put(&kind, sizeof kind);
  if (v.is_view()) {
    const auto bytes = v.as_bytes();
    const auto n = bytes.size();
    put(&n, sizeof n);
    put(bytes.data(), n);
  } else if (kind == value_kind::decimal) {
    const auto d = v.as_decimal();
    put(&d.unscaled, sizeof d.unscaled);
    put(&d.scale, sizeof d.scale);
  } else {
    const auto bits = v.as_uint64();
    put(&bits, sizeof bits);
  }
}

/// The fields that count, so that records are equal when their prints are.
std::string print_of(const entry& e, const std::vector<std::string>& ignore, byte_buffer& scratch) {
  std::string out;
  const auto& type = e.records->type();
  const auto& fields = type.schema().fields;
  for (std::uint32_t f = 0; f < fields.size(); ++f) {
    if (std::ranges::find(ignore, fields[f].name) != ignore.end()) continue;
    append_value(out, type.value_at(*e.records, e.row, f, scratch));
  }
  return out;
}

struct printed {
  std::string print;
  const entry* from;
  friend bool operator<(const printed& a, const printed& b) { return a.print < b.print; }
};

std::vector<printed> prints_of(const collected& all, const std::vector<std::string>& ignore) {
  std::vector<printed> out;
  out.reserve(all.size());
  byte_buffer scratch;
  for (const auto& e : all.entries()) out.push_back({print_of(e, ignore, scratch), &e});
  return out;
}

std::string text_of(const entry& e) {
  return record_text(*e.records, e.row, 200);
}

std::string listed(const char* title, const std::vector<printed>& all) {
  if (all.empty()) return {};
  auto text = std::string{title} + " " + std::to_string(all.size()) + ":";
  for (std::size_t i = 0; i < std::min(all.size(), shown_max); ++i) text += " " + text_of(*all[i].from);
  return text + (all.size() > shown_max ? " …; " : "; ");
}

std::string multiset_difference(std::vector<printed> expected, std::vector<printed> got) {
  std::ranges::sort(expected, std::less<>{});
  std::ranges::sort(got, std::less<>{});
  std::vector<printed> missing;
  std::vector<printed> extra;
  std::ranges::set_difference(expected, got, std::back_inserter(missing), std::less<>{});
  std::ranges::set_difference(got, expected, std::back_inserter(extra), std::less<>{});
  return listed("missing", missing) + listed("too many", extra);
}

using lanes = std::map<std::string, std::vector<const printed*>>;

/// Parts the records into sequences whose order counts.
lanes lanes_of(const std::vector<printed>& all, const comparison& as) {
  lanes out;
  for (const auto& p : all) {
    std::string lane = std::to_string(p.from->partition);
    if (as.how == equality::in_order_per_key) {
      key_bytes key;
      const auto ok = as.key->key(*p.from->records, p.from->row, key);
      lane = ok ? std::string{as_text(key.view())} : std::string{};
    }
    out[std::move(lane)].push_back(&p);
  }
  return out;
}

std::string disorder(const lanes& expected, const lanes& got) {
  for (const auto& [lane, wanted] : expected) {
    const auto at = got.find(lane);
    if (at == got.end()) return "a partition or key is missing; ";
    const auto [a, b] =
        std::ranges::mismatch(wanted, at->second, [](const auto* x, const auto* y) { return x->print == y->print; });
    if (a == wanted.end() || b == at->second.end()) continue;
    return "out of order: " + text_of(*(*b)->from) + " came where " + text_of(*(*a)->from) + " was expected; ";
  }
  return {};
}

}  // namespace

std::vector<std::string> collected::texts() const {
  std::vector<std::string> out;
  out.reserve(entries_.size());
  for (const auto& e : entries_) out.push_back(record_text(*e.records, e.row));
  return out;
}

batch_ptr collected::converted(const batch_ptr& records, const record_type_ptr& to) {
  if (&records->type() == to.get()) return records;
  // The batch keeps its type alive; this pointer only has to last for the call.
  const record_type_ptr from{record_type_ptr{}, &records->type()};
  const auto made = make_converter(from, to);
  if (!made) throw std::invalid_argument(made.error().message);
  return made->convert(*records);
}

std::string difference(const collected& expected, const collected& got, const comparison& as) {
  const auto a = prints_of(expected, as.ignore);
  const auto b = prints_of(got, as.ignore);
  if (auto wrong = multiset_difference(a, b); !wrong.empty()) return wrong;
  const bool per_key = as.how == equality::in_order_per_key && as.key != nullptr;
  if (as.how != equality::in_order && !per_key) return {};
  return disorder(lanes_of(a, as), lanes_of(b, as));
}

}  // namespace millrace::testing
