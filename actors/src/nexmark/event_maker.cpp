#include "nexmark/event_maker.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <string_view>

#include "millrace/context.hpp"

namespace millrace::nexmark {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t first_id = 1000;
constexpr std::uint64_t active_persons = 1000;
constexpr std::uint64_t person_lead = 10;
constexpr std::uint64_t auctions_in_flight = 100;
constexpr std::uint64_t auction_lead = 10;
constexpr std::uint64_t hot_ratio = 100;
constexpr std::uint64_t cold_channels = 10'000;

constexpr std::array<std::string_view, 11> first_names{"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                                       "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
constexpr std::array<std::string_view, 9> last_names{"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                                     "Walton", "Smith",  "Jones",   "Noris"};
constexpr std::array<std::string_view, 10> cities{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
                                                  "Bend",    "Redmond",     "Seattle",       "Kent",  "Cheyenne"};
constexpr std::array<std::string_view, 6> states{"AZ", "CA", "ID", "OR", "WA", "WY"};
constexpr std::array<std::string_view, 4> hot_channels{"Google", "Facebook", "Baidu", "Apple"};

/// The random stream of one event (or one channel's address): neighbouring numbers have nothing in common.
random_source stream_of(std::uint64_t seed, std::uint64_t number) noexcept {
  random_source mix{seed ^ (number + 1) * 0xd1342543de82ef95ULL};
  return random_source{mix()};
}

/// Eight letters for one random number: each byte b becomes letter b · 26 / 256, all lanes at once.
std::uint64_t eight_letters(std::uint64_t bits) noexcept {
  constexpr std::uint64_t even = 0x00ff00ff00ff00ffULL;
  const auto low = (bits & even) * 26 >> 8 & even;
  const auto high = (bits >> 8 & even) * 26 & ~even;
  return (low | high) + 0x6161616161616161ULL;
}

/// Writes `n` letters; returns the end of them.
char* put_letters(random_source& r, char* at, std::size_t n) noexcept {
  std::size_t done = 0;
  for (; done + 8 <= n; done += 8) {
    const auto letters = eight_letters(r());
    std::memcpy(at + done, &letters, sizeof letters);
  }
  if (done != n) {
    const auto letters = eight_letters(r());
    if (n < sizeof letters) {
      std::memcpy(at, &letters, n);
    } else {
      std::memcpy(at + n - sizeof letters, &letters, sizeof letters);
    }
  }
  return at + n;
}

void append_letters(random_source& r, std::string& out, std::size_t n) {
  const auto before = out.size();
  out.resize(before + n);
  put_letters(r, out.data() + before, n);
}

/// A text of 3 to `max` − 1 letters.
std::string word(random_source& r, std::uint64_t max) {
  std::string text;
  append_letters(r, text, 3 + r.below(max - 3));
  return text;
}

/// Length of the padding that brings a record from `size` to `average` bytes, give or take a fifth.
std::size_t padding_length(random_source& r, std::size_t size, std::size_t average) {
  if (size >= average) return 0;
  const auto wanted = average - size;
  const auto spread = (wanted + 2) / 5;
  return wanted - spread + (spread == 0 ? 0 : r.below(2 * spread));
}

char* put(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

template <class N>
char* put_number(char* at, N n) noexcept {
  return std::to_chars(at, at + 20, n).ptr;
}

/// 100 · 10^(6u) for u in [0, 1), rounded: from a table and a short series, so that every machine gives the same.
std::int64_t price_of(double u) noexcept {
  constexpr std::array<double, 16> sixteenth{1.0,
                                             1.0442737824274138,
                                             1.0905077326652577,
                                             1.1387886347566916,
                                             1.1892071150027210,
                                             1.2418578120734840,
                                             1.2968395546510096,
                                             1.3542555469368927,
                                             1.4142135623730951,
                                             1.4768261459394993,
                                             1.5422108254079407,
                                             1.6104903319492543,
                                             1.6817928305074290,
                                             1.7562521603732995,
                                             1.8340080864093424,
                                             1.9152065613971472};
  const double x = u * 19.931568569324174;  // 6 log2 10
  const auto steps = static_cast<std::uint64_t>(x * 16);
  const double y = (x - static_cast<double>(steps) / 16) * 0.6931471805599453;
  const double series = 1 + y * (1 + y * (0.5 + y * (1.0 / 6 + y * (1.0 / 24))));
  const double scale = sixteenth[steps % 16] * static_cast<double>(std::uint64_t{1} << steps / 16);
  return static_cast<std::int64_t>(100 * scale * series + 0.5);
}

std::uint64_t last_person(std::uint64_t number) noexcept {
  return number / 50;
}

/// Number of the newest auction at event `number`; before the first there is none, and 0 stands for it.
std::uint64_t last_auction(std::uint64_t number) noexcept {
  const auto epoch = number / 50;
  const auto place = number % 50;
  if (place == 0) return epoch == 0 ? 0 : 3 * epoch - 1;
  return 3 * epoch + std::min<std::uint64_t>(place, 3) - 1;
}

std::uint64_t any_person(random_source& r, std::uint64_t number) noexcept {
  const auto known = last_person(number) + 1;
  const auto active = std::min(known, active_persons);
  return known - active + r.below(active + person_lead);
}

std::uint64_t any_auction(random_source& r, std::uint64_t number) noexcept {
  const auto last = last_auction(number);
  const auto first = last > auctions_in_flight ? last - auctions_in_flight : 0;
  return first + r.below(last - first + 1 + auction_lead);
}

/// `https://www.nexmark.com/abc/defg/hij/item.htm?query=1`, and for most channels its number in disguise behind it.
void put_url(std::uint64_t seed, std::uint64_t channel, bool has_id, url_text& out) {
  auto r = stream_of(~seed, channel);
  auto bits = r();
  auto letters = eight_letters(r());
  auto letters_left = eight_letters(r());
  char* at = put(out.data(), "https://www.nexmark.com/");
  for (int part = 0; part < 3; ++part) {
    std::memcpy(at, &letters, 4);
    at += 3 + (bits & 1);
    *at++ = '/';
    bits >>= 1;
    letters = letters >> 32 | letters_left << 32;
    letters_left >>= 32;
  }
  at = put(at, "item.htm?query=1");
  if (has_id && bits % 10 != 0) {
    auto reversed = static_cast<std::uint32_t>(channel);
    reversed = (reversed >> 1 & 0x55555555U) | (reversed & 0x55555555U) << 1;
    reversed = (reversed >> 2 & 0x33333333U) | (reversed & 0x33333333U) << 2;
    reversed = (reversed >> 4 & 0x0f0f0f0fU) | (reversed & 0x0f0f0f0fU) << 4;
    reversed = reversed >> 24 | (reversed >> 8 & 0xff00U) | (reversed << 8 & 0xff0000U) | reversed << 24;
    const auto as_signed = static_cast<std::int64_t>(static_cast<std::int32_t>(reversed));
    at = put_number(put(at, "&channel_id="), as_signed < 0 ? -as_signed : as_signed);
  }
  out.set_size(static_cast<std::size_t>(at - out.data()));
}

}  // namespace

std::chrono::nanoseconds watermark_delay(const stream_options& o) noexcept {
  const auto span = o.interval * static_cast<std::int64_t>(o.group - 1);
  return std::max<std::chrono::nanoseconds>(4s, span);
}

void event_maker::make(std::uint64_t number, event& out) const {
  out.number = number;
  out.kind = kind_of(number);
  out.at = time_of(number);
  out.person.clear();
  out.auction.clear();
  switch (out.kind) {
    case event_kind::person:
      return make_person(number, out.person.emplace_back());
    case event_kind::auction:
      return make_auction(number, out.auction.emplace_back());
    case event_kind::bid:
      return make_bid(number, out.bid);
  }
}

void event_maker::make_person(std::uint64_t number, person& out) const {
  auto r = stream_of(options_.seed, number);
  out.id = first_id + last_person(number);
  out.name = first_names[r.below(first_names.size())];
  out.name += ' ';
  out.name += last_names[r.below(last_names.size())];
  out.email = word(r, 7);
  out.email += '@';
  out.email += word(r, 5);
  out.email += ".com";
  for (int part = 0; part < 4; ++part) {
    if (part != 0) out.credit_card += ' ';
    out.credit_card += std::to_string(10'000 + r.below(10'000)).substr(1);
  }
  out.city = cities[r.below(cities.size())];
  out.state = states[r.below(states.size())];
  out.date_time = time_of(number);
  const auto size = sizeof out.id + sizeof out.date_time + out.name.size() + out.email.size() + out.credit_card.size() +
                    out.city.size() + out.state.size();
  append_letters(r, out.extra, padding_length(r, size, 200));
}

void event_maker::make_auction(std::uint64_t number, auction& out) const {
  auto r = stream_of(options_.seed, number);
  out.id = first_id + last_auction(number);
  out.item_name = word(r, 20);
  out.description = word(r, 100);
  out.initial_bid = price_of(r.uniform());
  out.reserve = out.initial_bid + price_of(r.uniform());
  const bool is_hot = r.below(4) != 0;
  out.seller = first_id + (is_hot ? last_person(number) / hot_ratio * hot_ratio : any_person(r, number));
  out.category = 10 + r.below(5);
  const auto place = shuffled(number);
  out.date_time = time_at(place);
  // An auction runs until about so many auctions more have begun.
  const auto horizon = time_at(place + auctions_in_flight * 50 / 3) - out.date_time;
  const auto most = std::max<std::uint64_t>(2 * static_cast<std::uint64_t>(horizon.count()), 1);
  out.expires = {out.date_time.ns + 1 + static_cast<std::int64_t>(r.below(most))};
  const auto size = 7 * sizeof out.id + out.item_name.size() + out.description.size();
  append_letters(r, out.extra, padding_length(r, size, 500));
}

void event_maker::make_bid(std::uint64_t number, bid& out) const {
  auto r = stream_of(options_.seed, number);
  const bool is_hot_auction = r.below(2) != 0;
  out.auction = first_id + (is_hot_auction ? last_auction(number) / hot_ratio * hot_ratio : any_auction(r, number));
  const bool is_hot_bidder = r.below(4) != 0;
  out.bidder = first_id + (is_hot_bidder ? last_person(number) / hot_ratio * hot_ratio + 1 : any_person(r, number));
  out.price = price_of(r.uniform());
  out.date_time = time_of(number);
  if (r.below(2) != 0) {
    const auto channel = r.below(hot_channels.size());
    (void)out.channel.assign(hot_channels[channel]);
    put_url(options_.seed, cold_channels + channel, false, out.url);
  } else {
    const auto channel = r.below(cold_channels);
    out.channel.set_size(
        static_cast<std::size_t>(put_number(put(out.channel.data(), "channel-"), channel) - out.channel.data()));
    put_url(options_.seed, channel, true, out.url);
  }
  const auto padding = padding_length(r, 4 * sizeof out.auction, 100);
  put_letters(r, out.extra.data(), padding);
  out.extra.set_size(padding);
}

}  // namespace millrace::nexmark
