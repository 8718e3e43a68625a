#include "millrace/key.hpp"

#include <QtTest>
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "millrace/dynamic_batch.hpp"
#include "millrace/key_group.hpp"
#include "sample_records.hpp"

using namespace millrace;
using sample::batch_of;

namespace {

template <class K>
QByteArray canonical(const K& key) {
  const auto k = encode_key(key);
  if (!k) return "no key";
  const auto bytes = k.value().view();
  return QByteArray{reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())}.toHex();
}

template <class K>
std::uint64_t hash_of(const K& key) {
  return key_hash(encode_key(key).value().view());
}

/// All three ways of an extractor agree, and agree with `expected` for the value itself.
template <class K>
void verify_agrees(const key_extractor& k, const batch& b, const std::vector<K>& expected) {
  std::vector<std::uint64_t> hashes(b.size());
  std::vector<key_bytes> keys(b.size());
  QVERIFY(k.hashes(b, hashes.data()));
  QVERIFY(k.keys(b, keys.data()));
  for (std::uint32_t row = 0; row < b.size(); ++row) {
    key_bytes one;
    QVERIFY(k.key(b, row, one));
    QVERIFY(one == keys[row]);
    QVERIFY(one == encode_key(expected[row]).value());
    QCOMPARE(hashes[row], key_hash(one.view()));
    QVERIFY(decode_key<K>(one).value() == expected[row]);
  }
}

struct numbers {
  double f64 = 0;
  float f32 = 0;
  std::int8_t i8 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  bool flag = false;
  std::optional<std::int64_t> maybe{};
  std::vector<int> list{};
};
MILLRACE_RECORD(numbers, 1, f64, f32, i8, u32, u64, flag, maybe, list)

struct unlisted {
  int a = 0;
  int b = 0;
};
MILLRACE_RECORD(unlisted, 1, a)

}  // namespace

class key_test : public QObject {
  Q_OBJECT
private slots:
  void keepsItsCanonicalFormAndHashForEver() {
    QCOMPARE(key_hash({}), 0x2d06800538d394c2u);  // published by xxHash for no bytes
    QCOMPARE(canonical(0), "00");
    QCOMPARE(hash_of(0), 0xc44bdff4074eecdbu);
    QCOMPARE(canonical(42), "2a");
    QCOMPARE(hash_of(42), 0x79d03016b7aeed0du);
    QCOMPARE(hash_of(-1), 0xd6bcec3c6b29d72eu);
    QCOMPARE(canonical(300), "cd012c");
    QCOMPARE(hash_of(300), 0x3fa7cf96532f8aa8u);
    QCOMPARE(canonical(std::numeric_limits<std::int64_t>::min()), "d38000000000000000");
    QCOMPARE(hash_of(std::numeric_limits<std::int64_t>::min()), 0x021765f51c067325u);
    QCOMPARE(hash_of(std::string{"account-17"}), 0x0bb731cd65e16745u);
    QCOMPARE(hash_of(std::string(40, 'k')), 0x39229a966fd1ef78u);
    QCOMPARE(canonical(1.5), "cb3ff8000000000000");
    QCOMPARE(hash_of(1.5), 0x8ef77e8c4c28b5e8u);
    QCOMPARE(canonical(std::pair{std::string{"a"}, 7}), "92a16107");
    QCOMPARE(hash_of(std::pair{std::string{"a"}, 7}), 0xcae388cbd032c70cu);
    QCOMPARE(hash_of(event_time{1'700'000'000'000'000'000}), 0x594117c352a48ab1u);
  }

  void doesNotDependOnWidthOrSpelling() {
    QCOMPARE(canonical(std::int8_t{7}), canonical(std::uint64_t{7}));
    QCOMPARE(canonical(1.5f), canonical(1.5));
    QCOMPARE(canonical(-0.0), canonical(0.0));
    QCOMPARE(canonical(decimal{1500, 3}), canonical(decimal{15, 1}));
    QCOMPARE(canonical(decimal{0, 9}), canonical(decimal{0, 0}));
    QCOMPARE(canonical(std::pair{-0.0, 1}), canonical(std::tuple{0.0, 1}));
    QVERIFY(canonical(1) != canonical(1.0));
    QVERIFY(canonical(1) != canonical(std::string{"1"}));
  }

  void refusesNan() {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    QVERIFY(!encode_key(nan));
    QVERIFY(!encode_key(std::pair{1, nan}));
    const auto b = batch_of<numbers>({{}, {.f64 = nan}});
    const auto k = key_of<numbers>(&numbers::f64);
    std::uint64_t hashes[2];
    key_bytes keys[2];
    QVERIFY(!k->hashes(*b, hashes) && !k->keys(*b, keys));
    QVERIFY(k->key(*b, 0, keys[0]));
    const auto refused = k->key(*b, 1, keys[1]);
    QVERIFY(!refused);
    QVERIFY(refused.error().message.starts_with("key 'f64' of record 1 is NaN"));
  }

  void takesFieldsOfEveryScalarType() {
    const auto b = batch_of<numbers>({{}, {-0.0, 2.5f, -100, 70000, UINT64_MAX, true, -9, {}}, {.i8 = 5}});
    verify_agrees<double>(*key_of<numbers>(&numbers::f64), *b, {0, 0, 0});
    verify_agrees<double>(*key_of<numbers>(&numbers::f32), *b, {0, 2.5, 0});
    verify_agrees<int>(*key_of<numbers>(&numbers::i8), *b, {0, -100, 5});
    verify_agrees<std::uint32_t>(*key_of<numbers>(&numbers::u32), *b, {0, 70000, 0});
    verify_agrees<std::uint64_t>(*key_of<numbers>(&numbers::u64), *b, {0, UINT64_MAX, 0});
    verify_agrees<bool>(*key_of<numbers>(&numbers::flag), *b, {false, true, false});
    verify_agrees<std::optional<std::int64_t>>(*key_of<numbers>(&numbers::maybe), *b, {{}, -9, {}});
  }

  void takesIntegersOfEveryLength() {
    std::vector<sample::bid> records;
    std::vector<std::int64_t> expected{INT64_MIN, INT64_MAX};
    for (int bit = 0; bit < 63; ++bit) {
      for (const std::int64_t near : {-1, 0, 1}) {
        expected.push_back((std::int64_t{1} << bit) + near);
        expected.push_back(-(std::int64_t{1} << bit) + near);
      }
    }
    std::vector<numbers> unsigned_records;
    std::vector<std::uint64_t> unsigned_expected;
    for (const auto v : expected) {
      records.push_back({v, 0, 0, {}});
      numbers& n = unsigned_records.emplace_back();
      n.u64 = static_cast<std::uint64_t>(v);
      unsigned_expected.push_back(n.u64);
    }
    verify_agrees(*key_of<sample::bid>(&sample::bid::auction), *batch_of(records), expected);
    verify_agrees(*key_of<numbers>(&numbers::u64), *batch_of(unsigned_records), unsigned_expected);
  }

  void takesStringsLongAndShort() {
    const std::vector<std::string> names{"", "short", std::string(14, 'f'), std::string(15, 'x'),
                                         std::string(500, 'y')};
    std::vector<sample::trade> trades;
    for (const auto& name : names) trades.push_back({name, 1, {}, "v"});
    verify_agrees<std::string>(*key_of<sample::trade>(&sample::trade::account), *batch_of(trades), names);
  }

  void takesSeveralFieldsAndFunctions() {
    const auto trades = sample::trades(20);
    const auto b = batch_of(trades);
    std::vector<std::pair<std::string, event_time>> pairs;
    std::vector<std::size_t> sizes;
    for (const auto& t : trades) pairs.emplace_back(t.account, t.at), sizes.push_back(t.account.size());
    const auto both = key_of<sample::trade>(&sample::trade::account, &sample::trade::at);
    verify_agrees(*both, *b, pairs);
    QCOMPARE(both->description(), std::string{"account, at"});
    QCOMPARE(both->key_type(), std::string{"(string, event_time)"});
    const auto computed = key_of<sample::trade>("length", [](const sample::trade& t) { return t.account.size(); });
    verify_agrees(*computed, *b, sizes);
    QCOMPARE(computed->description(), std::string{"length"});
    QCOMPARE(computed->key_type(), std::string{"int"});
    const auto same = key_of<sample::trade>("pair", [](const sample::trade& t) { return std::pair{t.account, t.at}; });
    QCOMPARE(same->key_type(), both->key_type());
  }

  void isTheSameForDynamicRecords() {
    const auto type = dynamic_record_type(schema_of<sample::trade>());
    const auto typed = batch_of(sample::trades(30));
    byte_buffer bytes;
    typed->type().encode(*typed, bytes);
    const auto dynamic = type->decode(bytes.view(), 30);
    QVERIFY(dynamic);
    for (const std::vector<std::string>& fields : {std::vector<std::string>{"account"}, {"amount", "venue"}, {"at"}}) {
      const auto a = key_of(record_type_of<sample::trade>(), fields);
      const auto b = key_of(type, fields);
      QVERIFY(a && b);
      QCOMPARE((*a)->key_type(), (*b)->key_type());
      std::uint64_t from_typed[30];
      std::uint64_t from_dynamic[30];
      QVERIFY((*a)->hashes(*typed, from_typed) && (*b)->hashes(**dynamic, from_dynamic));
      QVERIFY(std::ranges::equal(from_typed, from_dynamic));
    }
  }

  void refusesFieldsThatAreNoKeys() {
    const auto type = record_type_of<numbers>();
    const std::string nested[] = {"list"};
    const std::string unknown[] = {"nope"};
    const auto a = key_of(type, nested);
    const auto b = key_of(type, unknown);
    QVERIFY(!a && a.error().message.starts_with("field 'list' of numbers is list<int32> and cannot be a key"));
    QVERIFY(!b && b.error().code == errc::not_found);
    QVERIFY(!key_of(type, std::span<const std::string>{}));
    QVERIFY_EXCEPTION_THROWN((void)key_of<unlisted>(&unlisted::b), std::invalid_argument);
    QVERIFY(!decode_key<int>(encode_key(std::string{"text"}).value()));
  }

  void holdsShortKeysInsideAndSharesLongOnes() {
    const std::string text(100, 'z');
    key_bytes none;
    QVERIFY(none.empty() && none.view().empty());
    key_bytes inside{as_bytes("fifteen bytes!!")};
    key_bytes outside{as_bytes(text)};
    QCOMPARE(inside.heap_bytes(), std::size_t{0});
    QCOMPARE(outside.heap_bytes(), std::size_t{100});
    key_bytes copy = outside;
    key_bytes moved = std::move(outside);
    QVERIFY(outside.empty() && copy == moved);  // NOLINT(bugprone-use-after-move): moved-from is empty
    QVERIFY(copy == key_bytes{as_bytes(text)});
    QVERIFY(!(copy == inside) && !(inside == none));
    copy = inside;
    QCOMPARE(as_text(copy.view()), std::string_view{"fifteen bytes!!"});
    moved = moved;
    QCOMPARE(as_text(moved.view()), std::string_view{text});
  }

  void placesGroupsForEver() {
    QCOMPARE(key_group_of(hash_of(42)).value, 269u);
    QCOMPARE(key_group_of(hash_of(std::string{"account-17"})).value, 837u);
    QCOMPARE(partition_of({269}, 4), 1u);
    QCOMPARE(partition_of({837}, 4), 3u);
    QCOMPARE(partition_of({1023}, 3), 2u);
    QCOMPARE(partition_of({341}, 3), 0u);
    QCOMPARE(partition_of({342}, 3), 1u);
  }

  void givesEachPartitionOneRange() {
    for (const std::uint32_t groups : {1u, 7u, 128u, 1024u}) {
      for (std::uint32_t partitions = 1; partitions <= 40; ++partitions) {
        std::uint32_t next = 0;
        for (std::uint32_t p = 0; p < partitions; ++p) {
          const auto range = groups_of(p, partitions, groups);
          QCOMPARE(range.first.value, next);
          next = range.last.value;
          for (std::uint32_t g = range.first.value; g < next; ++g) QCOMPARE(partition_of({g}, partitions, groups), p);
        }
        QCOMPARE(next, groups);
      }
    }
  }
};

QTEST_APPLESS_MAIN(key_test)
#include "key_test.moc"
