// Keyed states of one actor, moved by hand: times to live against a plain map as oracle, and types of state.
#include "millrace/state.hpp"
#include "millrace/engine/keyed_state.hpp"
#include "millrace/engine/state_type.hpp"
#include "millrace/testing/simulation.hpp"

#include <QtTest>
#include <map>
#include <optional>

using namespace millrace;
using engine::actor_access;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t ttl = 1'000'000;

/// An actor with states of both clocks and both ways to touch them.
struct holder final : processor {
  keyed_value<std::int64_t> number{this, "number", {.ttl = std::chrono::nanoseconds{ttl}}};
  list<std::string> texts{
      this, "texts", {.ttl = std::chrono::nanoseconds{ttl}, .update_on = ttl_update::read_and_write}};
  map<std::int64_t, std::string> by_clock{
      this, "by_clock", {.ttl = std::chrono::nanoseconds{ttl}, .clock = ttl_clock::processing_time}};
  keyed_value<std::int64_t> lasting{this, "lasting"};

  engine::keyed_state& state() { return actor_access::state(*this); }
  void select(const std::string& key) {
    key_ = key_bytes{as_bytes(key)};
    state().select(key_hash(key_.view()), key_);
  }

private:
  key_bytes key_;
};

struct content {
  std::optional<std::int64_t> number;
  std::int64_t number_at = 0;
  std::vector<std::string> texts;
  std::int64_t texts_at = 0;
  std::optional<std::string> by_clock;
  std::int64_t by_clock_at = 0;
  std::optional<std::int64_t> lasting;
};

using pages = std::map<std::uint32_t, std::string>;

pages saved(holder& h) {
  pages out;
  const auto frozen = h.state().rows().freeze(0, true);
  for (const auto& p : frozen.pages) {
    byte_buffer bytes;
    if (auto ok = p.encode(bytes); !ok) qFatal("%s", ok.error().message.c_str());
    out[p.number] = std::string{as_text(bytes.view())};
  }
  return out;
}

std::unique_ptr<holder> restored(const pages& from, std::int64_t event, std::int64_t processing, std::size_t memory) {
  auto h = std::make_unique<holder>();
  if (memory != 0) h->state().rows().page_to(std::move(*engine::memory_state_backend()->open("h/0")), memory);
  h->state().clock().set_watermark({event});
  h->state().clock().set_processing({processing});
  std::vector<engine::cell_source> sources;
  for (std::size_t i = 0; i < h->state().rows().layout().cells().size(); ++i) sources.emplace_back(i);
  for (const auto& [number, bytes] : from) {
    if (auto ok = h->state().rows().load_page(number, as_bytes(bytes), sources, key_hash); !ok) {
      qFatal("%s", ok.error().message.c_str());
    }
    h->state().rows().for_each_in(number, [&](engine::row_id id, const std::byte* row) { h->state().enrol(id, row); });
  }
  return h;
}

}  // namespace

class state_test : public QObject {
  Q_OBJECT
private slots:
  void timesToLiveAgreeWithAPlainMap_data() {
    QTest::addColumn<int>("memory");
    QTest::newRow("in memory") << 0;
    QTest::newRow("paged") << 60'000;
  }
  void timesToLiveAgreeWithAPlainMap() {
    QFETCH(int, memory);
    const auto memory_bytes = static_cast<std::size_t>(memory);
    random_source random{testing::seed_from_environment(11)};
    auto h = restored({}, 0, 0, memory_bytes);
    std::map<std::string, content> oracle;
    std::int64_t event = 0;
    std::int64_t clock = 0;
    for (int i = 0; i < 60'000; ++i) {
      event += static_cast<std::int64_t>(random.below(2'000));
      clock += static_cast<std::int64_t>(random.below(3'000));
      h->state().clock().set_watermark({event});
      h->state().clock().set_processing({clock});
      if (random.below(8) == 0) (void)h->state().expire(1 + random.below(50));
      if (random.below(10'000) == 0) h = restored(saved(*h), event, clock, memory_bytes);
      const auto key = "key " + std::to_string(random.below(3'000));
      h->select(key);
      auto& o = oracle[key];
      if (o.number && event >= o.number_at + ttl) o.number.reset();
      if (event >= o.texts_at + ttl) o.texts.clear();
      if (o.by_clock && clock >= o.by_clock_at + ttl) o.by_clock.reset();
      QCOMPARE(h->number.get() != nullptr, o.number.has_value());
      if (o.number) QCOMPARE(*h->number.get(), *o.number);
      QCOMPARE(h->texts.get(), o.texts);
      if (!o.texts.empty()) o.texts_at = event;
      QCOMPARE(h->by_clock.find(1) != nullptr, o.by_clock.has_value());
      QCOMPARE(h->lasting.get() != nullptr, o.lasting.has_value());
      switch (random.below(6)) {
        case 0:
          h->number.set(i);
          o.number = i;
          o.number_at = event;
          break;
        case 1:
          *h->number += 3;
          o.number = o.number.value_or(0) + 3;
          o.number_at = event;
          break;
        case 2:
          h->texts.push_back(std::to_string(i) + " and more than fits inside");
          o.texts.push_back(std::to_string(i) + " and more than fits inside");
          o.texts_at = event;
          break;
        case 3:
          h->by_clock[1] = std::to_string(i);
          o.by_clock = std::to_string(i);
          o.by_clock_at = clock;
          break;
        case 4:
          h->number.clear();
          h->texts.clear();
          o.number.reset();
          o.texts.clear();
          if (random.below(40) == 0) {
            h->lasting.set(i);
            o.lasting = i;
          }
          break;
        default:
          break;
      }
      h->state().deselect();
    }
    QVERIFY(h->state().expired() > 100);
  }

  void memoryOfWhatExpiredIsGivenBack() {
    holder h;
    h.state().clock().set_watermark({1});
    for (int i = 0; i < 50'000; ++i) {
      h.select("key " + std::to_string(i));
      h.number.set(i);
      h.texts.push_back("some text");
      h.state().deselect();
    }
    const auto peak = h.state().rows().bytes();
    QVERIFY2(!h.state().expire(1'000), "nothing has expired");
    h.state().clock().set_watermark({1 + ttl + ttl / 32});
    int steps = 0;
    while (h.state().expire(1'000)) ++steps;
    QVERIFY2(steps >= 99, "more than was asked for is looked at in a step");
    QCOMPARE(h.state().rows().size(), std::size_t{0});
    QCOMPARE(saved(h).size(), std::size_t{0});
    QVERIFY2(h.state().rows().bytes() < peak / 8, std::to_string(h.state().rows().bytes()).c_str());
  }

  void aTimeToLiveMayComeLater() {
    struct without final : processor {
      keyed_value<std::int64_t> number{this, "number"};
    };
    without old;
    const key_bytes key{as_bytes("k")};
    actor_access::state(old).select(key_hash(key.view()), key);
    old.number.set(5);
    byte_buffer page;
    const auto frozen = actor_access::state(old).rows().freeze(0, true);
    QVERIFY(frozen.pages.front().encode(page));
    holder h;
    h.state().clock().set_watermark({100});
    QVERIFY(h.state().rows().load_page(0, page.view(), {engine::cell_source{0}}, key_hash));
    h.state().rows().for_each([&](engine::row_id id, const std::byte* row) { h.state().enrol(id, row); });
    (void)h.state().expire(10);
    h.select("k");
    QVERIFY(h.number.get() != nullptr);
    h.state().clock().set_watermark({100 + ttl});
    QVERIFY2(h.number.get() == nullptr, "its time began when it was loaded");
  }

  void typesThatFit_data() {
    QTest::addColumn<QString>("written");
    QTest::addColumn<QString>("declared");
    QTest::addColumn<QString>("problem");
    const auto row = [](const char* name, const char* written, const char* declared, const char* problem = "") {
      QTest::newRow(name) << written << declared << problem;
    };
    row("equal", "int64", "int64");
    row("wider", "int32", "int64");
    row("wider, from unsigned", "uint32", "int64");
    row("narrower", "int64", "int32", "it was int64 and is now int32");
    row("signed to unsigned", "int32", "uint64", "it was int32 and is now uint64");
    row("float", "float32", "float64");
    row("may be null now", "string", "string?");
    row("can no longer be null", "string?", "string", "it could be null");
    row("appended", "{a:int64}", "{a:int64,b:string@2}");
    row("appended and not marked", "{a:int64}", "{a:int64,b:string}", "field 'b' is new but not marked since(2)");
    row("removed", "{a:int64,b:string}", "{a:int64}", "field 'b' is no longer there");
    row("renamed", "{a:int64}", "{b:int64}", "field 1 of it was 'a' and is now 'b'");
    row("in a list", "list<{a:int64}>", "list<{a:int64,b:string@2}>");
    row("in a map", "map<string,{a:int64}>", "map<string,{a:int64,b:string@2}>");
    row("another key", "map<string,int64>", "map<int64,int64>", "it was map<string,int64>");
    row("nested", "{a:{x:int8}}", "{a:{x:int16,y:bool@3}}");
    row("nested, removed", "{a:{x:int8,y:bool}}", "{a:{x:int8}}", "field 'a.y' is no longer there");
    row("a timer", "timer", "int64", "it was timer and is now int64");
    row("another kind", "list<int64>", "int64", "it was list<int64> and is now int64");
  }
  void typesThatFit() {
    QFETCH(QString, written);
    QFETCH(QString, declared);
    QFETCH(QString, problem);
    const auto found = engine::state_type_problems(written.toStdString(), declared.toStdString());
    QCOMPARE(found.empty(), problem.isEmpty());
    if (!found.empty()) QVERIFY2(found.front().starts_with(problem.toStdString()), found.front().c_str());
  }
};

QTEST_APPLESS_MAIN(state_test)
#include "state_test.moc"
