#include "millrace/transport/frame_codec.hpp"

#include <QtTest/QTest>
#include <array>
#include <cstring>

#include "counted_records.hpp"
#include "millrace/crc32c.hpp"

using namespace millrace;
using namespace millrace::transport;
using millrace::engine::frame;
using millrace::engine::frame_kind;
using test::counted_batch;

namespace {

constexpr topology_instance topology{0x1122334455667788};
const test::counted_type numbers;

frame data_frame(std::uint32_t count = 3) {
  return {.kind = frame_kind::data,
          .channel = {7},
          .source = {1},
          .target = {2},
          .incarnation = {5},
          .epoch = {9},
          .first = {1000},
          .count = count,
          .watermark = {-42},
          .ingest_ns = 123456789,
          .body = test::numbers_from(numbers, 10, count)};
}

byte_buffer encoded(const frame& f) {
  byte_buffer out;
  encode_frame(f, topology, numbers, out);
  return out;
}

void seal_again(byte_buffer& bytes) {
  auto* const at = bytes.data() + frame_header_bytes - 4;
  std::memset(at, 0, 4);
  const std::uint32_t crc = __builtin_bswap32(crc32c(bytes.view()));
  std::memcpy(at, &crc, sizeof crc);
}

result<void> decode(bytes_view bytes) {
  frame out;
  return decode_frame(bytes, topology, numbers, out);
}

engine::frame_traces_ptr traced() {
  return std::make_shared<engine::frame_traces>(
      engine::frame_traces{1'700'000'000'000'000'001,
                           1'700'000'000'000'000'002,
                           {{0, {{7, ~std::uint64_t{0}}, 5, false}}, {2, {{1, 2}, ~std::uint64_t{0}, true}}}});
}

bool same_header(const frame& a, const frame& b) {
  return a.kind == b.kind && a.channel == b.channel && a.source == b.source && a.target == b.target &&
         a.incarnation == b.incarnation && a.epoch == b.epoch && a.first == b.first && a.count == b.count &&
         a.watermark == b.watermark && a.ingest_ns == b.ingest_ns;
}

}  // namespace

class frame_codec_test : public QObject {
  Q_OBJECT

private slots:
  void lateMarksTravelWithTheirRecords() {
    const auto f = data_frame(3);
    batch_builder::mark_late(f.body, {{0, {-7}}, {2, {1'000'000}}});
    auto bytes = encoded(f);
    frame out;
    QVERIFY(decode_frame(bytes.view(), topology, numbers, out));
    QVERIFY(same_header(out, f));
    const auto marks = out.body->late_marks();
    QCOMPARE(marks.size(), std::size_t{2});
    QCOMPARE(marks[1].row, 2U);
    QCOMPARE(marks[1].watermark.ns, 1'000'000);
    // A row that does not exist, in a frame whose checksum is right.
    bytes.data()[frame_header_bytes + 5 + 1] = std::byte{3};
    seal_again(bytes);
    QVERIFY(!decode(bytes.view()));
  }

  void tracesTravelWithTheirRecords();
  void damagedTracesAreRefused();
  void sharedFrameOwnsItsTraces();
  void framesOfTheVersionBeforeAreRefused();
  void encodedFrameComesBack();
  void sharedFrameComesBackWithTheSameBatch();
  void framesWithoutRecordsComeBack_data();
  void framesWithoutRecordsComeBack();
  void extremesOfEveryFieldComeBack();
  void droppedSharedFrameFreesItsBatch();
  void everyTruncationIsRefused();
  void everyFlippedBitIsRefused();
  void wrongFieldIsNamed_data();
  void wrongFieldIsNamed();
  void bodyThatIsTooLongIsRefusedBeforeItIsRead();
  void trailingBytesAreRefused();
  void pointerFromOutsideIsRefused();
  void otherTopologyIsFenced();
  void sharedFrameIsCheckedToo();
  void headerHasTheDocumentedBytes();
};

void frame_codec_test::tracesTravelWithTheirRecords() {
  auto f = data_frame(3);
  batch_builder::mark_late(f.body, {{1, {-7}}});
  f.traces = traced();
  const auto bytes = encoded(f);
  frame out;
  const auto read = decode_frame(bytes.view(), topology, numbers, out);
  QVERIFY2(read, read ? "" : read.error().message.c_str());
  QVERIFY(same_header(f, out));
  QVERIFY(out.traces != nullptr);
  QCOMPARE(out.traces->emitted_ns, f.traces->emitted_ns);
  QCOMPARE(out.traces->sent_ns, f.traces->sent_ns);
  QVERIFY(out.traces->marks == f.traces->marks);
  QCOMPARE(out.body->late_marks().size(), std::size_t{1});
  QCOMPARE(test::numbers_of(out.body).size(), std::size_t{3});
  // The next frame has none, and must not keep these.
  QVERIFY(decode_frame(encoded(data_frame()).view(), topology, numbers, out));
  QVERIFY(out.traces == nullptr);
}

void frame_codec_test::damagedTracesAreRefused() {
  const auto refuses = [](const engine::frame_traces& traces) {
    auto f = data_frame(3);
    f.traces = std::make_shared<engine::frame_traces>(traces);
    return !decode(encoded(f).view());
  };
  const auto good = traced()->marks;
  QVERIFY(!refuses({1, 2, good}));
  auto marks = good;
  marks[1].row = 3;
  QVERIFY2(refuses({1, 2, marks}), "a row that does not exist");
  marks = good;
  std::swap(marks[0], marks[1]);
  QVERIFY2(refuses({1, 2, marks}), "rows out of order");
  marks = good;
  marks[0].of.trace = {};
  QVERIFY2(refuses({1, 2, marks}), "no trace");
  marks = good;
  marks[0].of.span = 0;
  QVERIFY2(refuses({1, 2, marks}), "no span");
  QVERIFY2(refuses({1, 2, std::vector<engine::trace_mark>(4, good[0])}), "more marks than records");
}

void frame_codec_test::sharedFrameOwnsItsTraces() {
  auto f = data_frame();
  f.traces = traced();
  const std::weak_ptr<engine::frame_traces> watched = f.traces;
  std::array<std::byte, shared_frame_bytes> bytes{};
  QCOMPARE(write_shared_frame(std::move(f), topology, bytes), shared_frame_bytes);
  f.traces.reset();
  frame out;
  QVERIFY(take_shared_frame(bytes, topology, out));
  QVERIFY(out.traces != nullptr && out.traces == watched.lock());
  drop_shared_frame(bytes);
  QVERIFY(!watched.expired());
  out.traces.reset();
  QVERIFY(watched.expired());

  auto dropped = data_frame();
  dropped.traces = traced();
  const std::weak_ptr<engine::frame_traces> second = dropped.traces;
  QCOMPARE(write_shared_frame(std::move(dropped), topology, bytes), shared_frame_bytes);
  dropped.traces.reset();
  drop_shared_frame(bytes);
  QVERIFY(second.expired());
}

void frame_codec_test::framesOfTheVersionBeforeAreRefused() {
  auto bytes = encoded(data_frame());
  bytes.data()[7] = std::byte{1};
  seal_again(bytes);
  const auto read = decode(bytes.view());
  QVERIFY(!read);
  QVERIFY(read.error().message.find("run one release on all nodes") != std::string::npos);
}

void frame_codec_test::encodedFrameComesBack() {
  const auto f = data_frame();
  frame out;
  const auto read = decode_frame(encoded(f).view(), topology, numbers, out);
  QVERIFY2(read, read ? "" : read.error().message.c_str());
  QVERIFY(same_header(f, out));
  QCOMPARE(test::numbers_of(out.body), (std::vector<std::uint64_t>{10, 11, 12}));
}

void frame_codec_test::sharedFrameComesBackWithTheSameBatch() {
  auto f = data_frame();
  const frame copy = f;
  std::array<std::byte, shared_frame_bytes> bytes{};
  const auto size = write_shared_frame(std::move(f), topology, bytes);
  QCOMPARE(size, shared_frame_bytes);
  frame out;
  QVERIFY(take_shared_frame(std::span{bytes}.first(size), topology, out));
  QVERIFY(same_header(copy, out));
  QCOMPARE(out.body.get(), copy.body.get());
  drop_shared_frame(bytes);
  QCOMPARE(test::numbers_of(out.body).size(), std::size_t{3});
}

void frame_codec_test::framesWithoutRecordsComeBack_data() {
  QTest::addColumn<int>("kind");
  QTest::newRow("watermark") << static_cast<int>(frame_kind::watermark);
  QTest::newRow("barrier") << static_cast<int>(frame_kind::barrier);
  QTest::newRow("end") << static_cast<int>(frame_kind::end);
}

void frame_codec_test::framesWithoutRecordsComeBack() {
  QFETCH(int, kind);
  frame f{.kind = static_cast<frame_kind>(kind), .channel = {3}, .epoch = {4}, .watermark = {99}};
  frame out = data_frame();
  QVERIFY(decode_frame(encoded(f).view(), topology, numbers, out));
  QVERIFY(same_header(f, out) && !out.body);

  std::array<std::byte, shared_frame_bytes> bytes{};
  const frame copy = f;
  const auto size = write_shared_frame(std::move(f), topology, bytes);
  QCOMPARE(size, frame_header_bytes + 1);
  out = data_frame();
  QVERIFY(take_shared_frame(std::span{bytes}.first(size), topology, out));
  QVERIFY(same_header(copy, out) && !out.body);
}

void frame_codec_test::extremesOfEveryFieldComeBack() {
  constexpr auto u32 = std::numeric_limits<std::uint32_t>::max();
  constexpr auto u64 = std::numeric_limits<std::uint64_t>::max();
  for (const auto mark : {event_time::min(), event_time::max()}) {
    const frame f{.kind = frame_kind::barrier,
                  .channel = {u32},
                  .source = {u32},
                  .target = {u32},
                  .incarnation = {u64},
                  .epoch = {u64},
                  .first = {u64},
                  .watermark = mark,
                  .ingest_ns = std::numeric_limits<std::int64_t>::min()};
    frame out;
    QVERIFY(decode_frame(encoded(f).view(), topology, numbers, out));
    QVERIFY(same_header(f, out));
  }
}

void frame_codec_test::droppedSharedFrameFreesItsBatch() {
  const int before = counted_batch::alive;
  std::array<std::byte, shared_frame_bytes> bytes{};
  QCOMPARE(write_shared_frame(data_frame(), topology, bytes), shared_frame_bytes);
  QCOMPARE(counted_batch::alive.load(), before + 1);
  drop_shared_frame(bytes);
  QCOMPARE(counted_batch::alive.load(), before);
  drop_shared_frame(bytes);
  QCOMPARE(counted_batch::alive.load(), before);
}

void frame_codec_test::everyTruncationIsRefused() {
  const auto bytes = encoded(data_frame());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    QVERIFY(!decode(bytes.view().first(n)));
  }
}

void frame_codec_test::everyFlippedBitIsRefused() {
  auto bytes = encoded(data_frame());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const auto mask = std::byte{1} << (bit % 8);
    bytes.data()[bit / 8] ^= mask;
    QVERIFY2(!decode(bytes.view()), qPrintable(QString{"bit %1"}.arg(bit)));
    bytes.data()[bit / 8] ^= mask;
  }
  QVERIFY(decode(bytes.view()));
}

void frame_codec_test::wrongFieldIsNamed_data() {
  QTest::addColumn<std::size_t>("at");
  QTest::addColumn<QString>("field");
  // Where each field's format byte is; the byte behind it is the field's first.
  const std::array<std::pair<std::size_t, const char*>, 15> formats{{{0, "array"},
                                                                     {1, "magic"},
                                                                     {6, "version"},
                                                                     {8, "kind"},
                                                                     {10, "topology"},
                                                                     {19, "channel"},
                                                                     {24, "source"},
                                                                     {29, "target"},
                                                                     {34, "generation"},
                                                                     {43, "epoch"},
                                                                     {52, "first"},
                                                                     {61, "count"},
                                                                     {66, "watermark"},
                                                                     {75, "ingest_ns"},
                                                                     {84, "crc32c"}}};
  for (const auto& [at, field] : formats) {
    QTest::addRow("format of %s", field) << at << QString{field};
  }
  for (const auto& [at, field] : {formats[1], formats[2], formats[3], formats[4], formats[11]}) {
    QTest::addRow("value of %s", field) << at + 1 << QString{field};
  }
  QTest::addRow("format of body") << frame_header_bytes << QString{"body"};
  QTest::addRow("length of body") << frame_header_bytes + 4 << QString{"body"};
  QTest::addRow("records") << frame_header_bytes + 6 << QString{"crc32c"};
}

void frame_codec_test::wrongFieldIsNamed() {
  QFETCH(std::size_t, at);
  QFETCH(QString, field);
  auto bytes = encoded(data_frame());
  bytes.data()[at] ^= std::byte{0x55};
  const auto read = decode(bytes.view());
  QVERIFY(!read);
  QVERIFY2(read.error().message.find("'" + field.toStdString() + "'") != std::string::npos,
           read.error().message.c_str());
}

void frame_codec_test::bodyThatIsTooLongIsRefusedBeforeItIsRead() {
  auto bytes = encoded(data_frame());
  std::memset(bytes.data() + frame_header_bytes + 1, 0xFF, 4);
  const auto read = decode(bytes.view());
  QVERIFY(!read);
  QCOMPARE(read.error().code, errc::limit_exceeded);
}

void frame_codec_test::trailingBytesAreRefused() {
  for (const auto& f : {data_frame(), frame{.kind = frame_kind::end}}) {
    auto bytes = encoded(f);
    bytes.push_back(std::byte{0});
    seal_again(bytes);
    QVERIFY(!decode(bytes.view()));
  }
}

void frame_codec_test::pointerFromOutsideIsRefused() {
  std::array<std::byte, shared_frame_bytes> bytes{};
  QCOMPARE(write_shared_frame(data_frame(), topology, bytes), shared_frame_bytes);
  byte_buffer sealed;
  sealed.append(bytes);
  seal_again(sealed);
  const auto read = decode(sealed.view());
  QVERIFY(!read);
  QVERIFY(read.error().message.find("'body'") != std::string::npos);
  drop_shared_frame(bytes);
}

void frame_codec_test::otherTopologyIsFenced() {
  frame out;
  const auto read = decode_frame(encoded(data_frame()).view(), topology_instance{1}, numbers, out);
  QVERIFY(!read);
  QCOMPARE(read.error().code, errc::fenced);
}

void frame_codec_test::sharedFrameIsCheckedToo() {
  const int before = counted_batch::alive;
  for (const std::size_t at : {std::size_t{0}, std::size_t{2}, std::size_t{65}, frame_header_bytes - 1,
                               frame_header_bytes, frame_header_bytes + 1}) {
    std::array<std::byte, shared_frame_bytes> bytes{};
    QCOMPARE(write_shared_frame(data_frame(), topology, bytes), shared_frame_bytes);
    bytes[at] ^= std::byte{0x55};
    frame out;
    QVERIFY2(!take_shared_frame(bytes, topology, out), qPrintable(QString::number(at)));
    drop_shared_frame(bytes);
  }
  QCOMPARE(counted_batch::alive.load(), before);
}

void frame_codec_test::headerHasTheDocumentedBytes() {
  const frame f{.kind = frame_kind::barrier, .channel = {0x01020304}, .epoch = {0x0A}, .watermark = {-1}};
  const auto bytes = encoded(f);
  const QByteArray hex = QByteArray{reinterpret_cast<const char*>(bytes.data()), 84}.toHex();
  QCOMPARE(hex, QByteArray{"9fce4d696c6ccc02cc02cf1122334455667788ce01020304ce00000000ce00000000cf0000000000000000"
                           "cf000000000000000acf0000000000000000ce00000000d3ffffffffffffffffd30000000000000000"});
  QCOMPARE(bytes.size(), frame_header_bytes + 1);
}

QTEST_APPLESS_MAIN(frame_codec_test)
#include "frame_codec_test.moc"
