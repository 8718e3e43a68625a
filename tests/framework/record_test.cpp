#include "millrace/record.hpp"

#include <QtTest>
#include <algorithm>
#include <cmath>
#include <msgpack.hpp>
#include <random>
#include <string>

#include "millrace/inline_string.hpp"
#include "sample_records.hpp"

using namespace millrace;
using sample::batch_of;

namespace {

template <class T>
byte_buffer encoded(const batch_ptr& b) {
  byte_buffer out;
  record_type_of<T>()->encode(*b, out);
  return out;
}

template <class T>
batch_ptr decoded(bytes_view bytes, std::uint32_t count, const schema* written_by = nullptr) {
  auto b = record_type_of<T>()->decode(bytes, count, written_by);
  if (!b) qWarning("%s", b.error().message.c_str());
  return b ? std::move(b).value() : nullptr;
}

template <class T>
bool comes_back(const T& v) {
  byte_buffer out;
  millrace::msgpack::writer w{out};
  encode(w, v);
  millrace::msgpack::reader r{out.view()};
  T back{};
  return decode(r, back) && r.at_end() && back == v;
}

struct item_before {
  std::string name;
};
MILLRACE_RECORD(item_before, 1, name)

struct inline_item {
  inline_string<7> name;
  int count{};
};
MILLRACE_RECORD(inline_item, 1, name, count)

}  // namespace

class record_test : public QObject {
  Q_OBJECT
private slots:
  void carriesEveryKindOfField() {
    const auto original = batch_of<sample::everything>({{}, sample::full_example(), {}});
    const auto bytes = encoded<sample::everything>(original);
    const auto back = decoded<sample::everything>(bytes.view(), 3);
    QVERIFY(back);
    QVERIFY(std::ranges::equal(rows<sample::everything>(*back), rows<sample::everything>(*original)));
    QVERIFY(std::signbit(rows<sample::everything>(*back)[1].list[1]));
  }

  void anInlineStringIsAStringOutside() {
    static_assert(std::is_trivially_copyable_v<inline_item>);
    QVERIFY(schema_of<inline_item>()->fields[0].type.kind == field_kind::string);
    inline_item seven;
    seven.name = std::string_view{"abcdefg"};
    const auto one = batch_of<inline_item>({seven});
    const auto bytes = encoded<inline_item>(one);
    const auto back = decoded<inline_item>(bytes.view(), 1);
    QVERIFY(back);
    QVERIFY(rows<inline_item>(*back)[0].name == seven.name);
    byte_buffer scratch;
    QVERIFY(back->type().value_at(*back, 0, 0, scratch).as_string() == "abcdefg");
  }
  void anInlineStringRefusesWhatDoesNotFit() {
    byte_buffer out;
    millrace::msgpack::writer w{out};
    w.array(1);
    w.array(2);
    w.string("abcdefgh");
    w.integer(1);
    QVERIFY(!record_type_of<inline_item>()->decode(out.view(), 1));
    const auto builder = record_type_of<inline_item>()->make_builder(1);
    builder->begin_row();
    QVERIFY(builder->set(0, value::of(std::string_view{"abcdefg"})));
    QVERIFY(!builder->set(0, value::of(std::string_view{"abcdefgh"})));
    QVERIFY(rows<inline_item>(*builder->finish())[0].name.view() == "abcdefg");
    QVERIFY_EXCEPTION_THROWN((inline_string<7>{"abcdefgh"}), std::length_error);
  }
  void carriesBareValues() {
    QVERIFY(comes_back(std::int64_t{-9}));
    QVERIFY(comes_back(std::string(1000, 'x')));
    QVERIFY(comes_back(std::pair{std::string{"a"}, 3}));
    QVERIFY(comes_back(std::tuple{1, 2.5, true}));
    QVERIFY(comes_back(std::vector<bool>{true, false}));
    QVERIFY(comes_back(std::map<std::int64_t, std::vector<std::string>>{{1, {"a", "b"}}, {-2, {}}}));
    QVERIFY(comes_back(std::optional<sample::leg>{}));
    QVERIFY(comes_back(epoch_id{7}));
    QVERIFY(comes_back(sample::side::sell));
    QVERIFY(comes_back(decimal{INT64_MIN, 255}));
    QVERIFY(comes_back(event_time::min()));
  }

  void writesWhatTheReferenceReads() {
    const auto original = sample::trades(20);
    const auto bytes = encoded<sample::trade>(batch_of(original));
    const auto seen = ::msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    using row = std::tuple<std::string, double, std::int64_t, std::string>;
    const auto read = seen.get().as<std::vector<row>>();
    QCOMPARE(read.size(), original.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
      QCOMPARE(read[i], row(original[i].account, original[i].amount, original[i].at.ns, original[i].venue));
    }
  }

  void readsWhatTheReferenceWrites() {
    ::msgpack::sbuffer out;
    ::msgpack::pack(out, std::vector{std::tuple{std::string{"a"}, 2.0, std::int64_t{5}, std::string{"v"}}});
    const auto back = decoded<sample::trade>(as_bytes({out.data(), out.size()}), 1);
    QVERIFY(back);
    QCOMPARE(rows<sample::trade>(*back)[0], (sample::trade{"a", 2.0, {5}, "v"}));
  }

  void givesOlderBytesTheDefault() {
    const auto old = batch_of<sample::trade_v1>({{"a", 1, {2}}, {"b", 3, {4}}});
    const auto back = decoded<sample::trade>(encoded<sample::trade_v1>(old).view(), 2);
    QVERIFY(back);
    QCOMPARE(rows<sample::trade>(*back)[1], (sample::trade{"b", 3, {4}, "?"}));
  }

  void skipsWhatANewerWriterAppended() {
    const auto bytes = encoded<sample::trade>(batch_of(sample::trades(3)));
    const auto back = decoded<sample::trade_v1>(bytes.view(), 3, schema_of<sample::trade>().get());
    QVERIFY(back);
    QCOMPARE(rows<sample::trade_v1>(*back)[2].account, std::string{"account-2"});
    QVERIFY2(!record_type_of<sample::trade_v1>()->decode(bytes.view(), 3),
             "a longer record without its schema is refused");
  }

  void refusesALengthNoVersionHad() {
    const auto bytes = encoded<item_before>(batch_of<item_before>({{"short"}}));
    QVERIFY(!record_type_of<sample::trade>()->decode(bytes.view(), 1));
  }

  void refusesAnotherCountAndTrailingBytes() {
    const auto bytes = encoded<sample::trade>(batch_of(sample::trades(3)));
    const auto& type = *record_type_of<sample::trade>();
    for (const std::uint32_t count : {0u, 2u, 4u}) {
      const auto refused = type.decode(bytes.view(), count);
      QVERIFY(!refused && refused.error().code == errc::corrupt);
    }
    byte_buffer longer;
    longer.append(bytes.view());
    longer.push_back(std::byte{0xc0});
    const auto refused = type.decode(longer.view(), 3);
    QVERIFY(!refused);
    QVERIFY(refused.error().message.starts_with("1 bytes behind the last record of a batch of trade"));
  }

  void refusesEveryTruncation() {
    const auto bytes = encoded<sample::everything>(batch_of<sample::everything>({sample::full_example()}));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      QVERIFY(!record_type_of<sample::everything>()->decode(bytes.view().first(n), 1));
    }
  }

  void survivesDamagedBytes() {
    const auto seed = qEnvironmentVariableIntValue("MILLRACE_SEED");
    std::mt19937 random{static_cast<std::mt19937::result_type>(seed)};
    const auto bytes = encoded<sample::everything>(batch_of<sample::everything>({sample::full_example(), {}}));
    for (int round = 0; round < 20'000; ++round) {
      std::vector<std::byte> damaged(bytes.view().begin(), bytes.view().end());
      for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<std::byte>(random());
      const auto back = record_type_of<sample::everything>()->decode(damaged, 2);
      QVERIFY(!back || back.value()->size() == 2);
    }
  }

  void refusesAKeyThatComesTwice() {
    byte_buffer out;
    millrace::msgpack::writer w{out};
    w.map(2), w.string("k"), w.integer(1), w.string("k"), w.integer(2);
    millrace::msgpack::reader r{out.view()};
    std::map<std::string, int> back;
    QVERIFY(!decode(r, back));
  }

  void readsAndSetsFieldsAsValues() {
    const auto original = batch_of<sample::everything>({sample::full_example()});
    const auto& type = *record_type_of<sample::everything>();
    typed_builder<sample::everything> builder{1};
    builder.begin_row();
    byte_buffer scratch;
    for (std::uint32_t i = 0; i < type.schema().fields.size(); ++i) {
      QVERIFY2(builder.set(i, type.value_at(*original, 0, i, scratch)), type.schema().fields[i].name.c_str());
    }
    const auto copied = builder.finish();
    QCOMPARE(rows<sample::everything>(*copied)[0], rows<sample::everything>(*original)[0]);
  }

  void refusesValuesOfAnotherKind() {
    typed_builder<sample::everything> builder{1};
    builder.begin_row();
    QVERIFY(!builder.set(1, value::of(std::int64_t{128})));
    QVERIFY(!builder.set(2, value::of(std::int64_t{-1})));
    QVERIFY(!builder.set(8, value::of(1.5)));
    QVERIFY(!builder.set(8, value{}));
    QVERIFY(!builder.set(99, value::of(true)));
    QVERIFY(builder.set(7, value::of(std::int64_t{3})));
    QVERIFY(builder.set(14, value{}));
    QCOMPARE(builder.pending()[0].f64, 3.0);
    builder.drop_row();
    QCOMPARE(builder.size(), 0u);
  }

  void growsPastItsCapacity() {
    typed_builder<sample::trade> builder{2};
    const auto original = sample::trades(9);
    builder.push(original[0]);
    builder.push(original[1]);
    QVERIFY(builder.is_full());
    builder.push(builder.pending()[0]);
    QCOMPARE(builder.pending()[2], original[0]);
    builder.drop_row();
    for (std::size_t i = 2; i < original.size(); ++i) builder.push(original[i]);
    const auto b = builder.finish();
    QVERIFY(std::ranges::equal(rows<sample::trade>(*b), original));
    QVERIFY(builder.empty());
    QCOMPARE(builder.finish()->size(), 0u);
  }

  void estimatesItsPayload() {
    typed_builder<sample::trade> builder{4};
    QCOMPARE(builder.bytes(), std::size_t{0});
    builder.push({std::string(1000, 'a'), 0, {}, ""});
    QVERIFY(builder.bytes() >= 1000 && builder.bytes() < 2000);
    QVERIFY(builder.finish()->bytes() >= 1000);
    QCOMPARE(batch_of(sample::bids(10))->bytes(), 10 * sizeof(sample::bid));
  }

  void copiesRowsAndHashes() {
    const auto source = batch_of(sample::trades(10));
    typed_builder<sample::trade> builder{4};
    builder.append_from(*source, 7);
    const std::uint32_t picked[] = {3, 1};
    builder.append_rows(*source, picked);
    const std::uint64_t hashes[] = {17, 13, 11};
    builder.append_key_hashes(hashes);
    const auto b = builder.finish();
    QCOMPARE(rows<sample::trade>(*b)[0], rows<sample::trade>(*source)[7]);
    QCOMPARE(rows<sample::trade>(*b)[2], rows<sample::trade>(*source)[1]);
    QVERIFY(std::ranges::equal(b->key_hashes(), hashes));
    QVERIFY(builder.finish()->key_hashes().empty());
  }

  void sharesAndTravelsByReference() {
    auto b = batch_of(sample::trades(3));
    const batch* const raw = b.get();
    batch_ptr second = b;
    const batch* const travelling = b.release();
    QVERIFY(!b);
    second.reset();
    const auto arrived = batch_ptr::adopt(travelling);
    QVERIFY(arrived.get() == raw && arrived->size() == 3);
    QVERIFY(&arrived->type() == record_type_of<sample::trade>().get());
  }

  void scattersUntilABuilderIsFull() {
    const auto source = batch_of(sample::bids(100));
    const auto& type = *record_type_of<sample::bid>();
    std::vector<std::uint16_t> targets;
    std::vector<std::uint64_t> hashes;
    for (std::uint16_t i = 0; i < 100; ++i) targets.push_back(i % 3), hashes.push_back(i * 11u);
    std::vector<std::unique_ptr<batch_builder>> owned;
    std::vector<batch_builder*> builders;
    for (int i = 0; i < 3; ++i) builders.push_back(owned.emplace_back(type.make_builder(10)).get());
    std::vector<std::vector<std::int64_t>> got(3);
    for (std::uint32_t next = 0; next < 100;) {
      next = type.scatter(*source, next, targets, hashes, builders);
      for (std::size_t p = 0; p < 3; ++p) {
        QVERIFY(builders[p]->size() <= 10);
        const auto b = builders[p]->finish();
        QCOMPARE(b->key_hashes().size(), std::size_t{b->size()});
        for (std::uint32_t i = 0; i < b->size(); ++i) {
          const auto bidder = rows<sample::bid>(*b)[i].bidder;
          QCOMPARE(b->key_hashes()[i], static_cast<std::uint64_t>(bidder) * 11);
          got[p].push_back(bidder);
        }
      }
    }
    for (std::size_t p = 0; p < 3; ++p) {
      QCOMPARE(got[p].size(), std::size_t{p == 0 ? 34u : 33u});
      for (std::size_t i = 0; i < got[p].size(); ++i) QCOMPARE(got[p][i], static_cast<std::int64_t>(3 * i + p));
    }
  }
};

QTEST_APPLESS_MAIN(record_test)
#include "record_test.moc"
