#include "millrace/msgpack.hpp"

#include <QtTest>
#include <cmath>
#include <limits>
#include <msgpack.hpp>
#include <string>
#include <vector>

using millrace::as_text;
using millrace::byte_buffer;
using millrace::bytes_view;
using millrace::msgpack::reader;
using millrace::msgpack::token;
using millrace::msgpack::writer;

namespace {

std::string hex(bytes_view bytes) {
  return QByteArray::fromRawData(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()))
      .toHex()
      .toStdString();
}

template <class Write>
byte_buffer written(Write write) {
  byte_buffer out;
  writer w{out};
  write(w);
  return out;
}

/// What the reference library writes for the same value.
template <class T>
std::string reference(const T& v) {
  ::msgpack::sbuffer out;
  ::msgpack::pack(out, v);
  return hex(millrace::as_bytes({out.data(), out.size()}));
}

std::vector<std::int64_t> edges() {
  std::vector<std::int64_t> all{0, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  for (int bit = 0; bit < 63; ++bit) {
    for (std::int64_t near = -1; near <= 1; ++near) {
      all.push_back((std::int64_t{1} << bit) + near);
      all.push_back(-(std::int64_t{1} << bit) + near);
    }
  }
  return all;
}

/// `depth` arrays of one element inside each other, with a nil in the middle.
byte_buffer nested_arrays(unsigned depth) {
  return written([&](writer& w) {
    for (unsigned i = 0; i < depth; ++i) w.array(1);
    w.nil();
  });
}

}  // namespace

class msgpack_test : public QObject {
  Q_OBJECT
private slots:
  void writesIntegersInTheShortestForm() {
    for (const auto v : edges()) {
      QCOMPARE(hex(written([&](writer& w) { w.integer(v); }).view()), reference(v));
      const auto u = static_cast<std::uint64_t>(v);
      QCOMPARE(hex(written([&](writer& w) { w.integer(u); }).view()), reference(u));
    }
  }

  void writesLengthsAsTheReferenceDoes() {
    for (const std::size_t n : {0u, 1u, 15u, 16u, 31u, 32u, 255u, 256u, 65535u, 65536u}) {
      const std::string text(n, 'a');
      QCOMPARE(hex(written([&](writer& w) { w.string(text); }).view()), reference(text));
      const std::vector<char> blob(n, 'b');
      QCOMPARE(hex(written([&](writer& w) {
                     w.binary(millrace::as_bytes({blob.data(), n}));
                   }).view()),
               reference(blob));
      const std::vector<int> list(n, 3);
      QCOMPARE(hex(written([&](writer& w) {
                     w.array(static_cast<std::uint32_t>(n));
                     for (const int item : list) w.integer(item);
                   }).view()),
               reference(list));
    }
  }

  void keepsDoublesDoubles() {
    for (const double v : {0.0, -0.0, 2.0, 1e300, std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::quiet_NaN()}) {
      const auto out = written([&](writer& w) { w.float64(v); });
      QCOMPARE(out.size(), std::size_t{9});
      reader r{out.view()};
      double back = 0;
      QVERIFY(r.float64(back) && r.at_end());
      QCOMPARE(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(v));
    }
  }

  void readsFloatsFromAnyNumber() {
    for (const auto v : edges()) {
      const auto out = written([&](writer& w) { w.integer(v); });
      reader r{out.view()};
      double back = 0;
      QVERIFY(r.float64(back) && r.at_end());
      QCOMPARE(back, static_cast<double>(v));
    }
    const auto out = written([](writer& w) { w.float32(0.5f); });
    reader r{out.view()};
    double back = 0;
    QVERIFY(r.float64(back));
    QCOMPARE(back, 0.5);
  }

  void refusesIntegersThatDoNotFit() {
    for (const auto v : edges()) {
      const auto out = written([&](writer& w) { w.integer(v); });
      std::int16_t narrow = 0;
      reader as_narrow{out.view()};
      QCOMPARE(as_narrow.integer(narrow), v >= INT16_MIN && v <= INT16_MAX);
      std::uint64_t positive = 0;
      reader as_positive{out.view()};
      QCOMPARE(as_positive.integer(positive), v >= 0);
      std::int64_t same = 0;
      reader as_same{out.view()};
      QVERIFY(as_same.integer(same) && as_same.at_end());
      QCOMPARE(same, v);
    }
  }

  void readsLongFormsOfSmallNumbers() {
    const unsigned char spelled[] = {0xd3, 0, 0, 0, 0, 0, 0, 0, 5};
    reader r{std::as_bytes(std::span{spelled})};
    std::uint8_t v = 0;
    QVERIFY(r.integer(v) && r.at_end());
    QCOMPARE(v, std::uint8_t{5});
  }

  void readsExtensions() {
    for (const std::size_t n : {0u, 1u, 2u, 3u, 4u, 8u, 16u, 17u, 300u, 70000u}) {
      const std::string payload(n, 'p');
      const auto out = written([&](writer& w) { w.ext(-3, millrace::as_bytes(payload)); });
      reader r{out.view()};
      std::int8_t type = 0;
      bytes_view back;
      QVERIFY(r.ext(type, back) && r.at_end());
      QCOMPARE(int{type}, -3);
      QCOMPARE(as_text(back), std::string_view{payload});
      ::msgpack::object_handle seen = ::msgpack::unpack(reinterpret_cast<const char*>(out.data()), out.size());
      QCOMPARE(seen.get().via.ext.size, static_cast<std::uint32_t>(n));
    }
  }

  void staysFailedAfterAFailure() {
    const auto out = written([](writer& w) { w.string("no number"), w.integer(1); });
    reader r{out.view()};
    int v = 0;
    std::string_view text;
    QVERIFY(!r.integer(v) && r.failed());
    QVERIFY(!r.string(text) && !r.skip() && !r.at_end() && !r.take_nil());
    QCOMPARE(r.peek(), token::none);
  }

  void refusesEveryTruncation() {
    const auto out = written([](writer& w) {
      w.array(6), w.integer(1 << 20), w.string(std::string(40, 's')), w.float64(1), w.map(1), w.nil(), w.boolean(true);
      w.binary(millrace::as_bytes("bin")), w.ext(1, millrace::as_bytes("ext"));
    });
    for (std::size_t n = 0; n < out.size(); ++n) {
      reader r{out.view().first(n)};
      QVERIFY2(!r.skip() && r.failed(), std::to_string(n).c_str());
    }
    reader whole{out.view()};
    QVERIFY(whole.skip() && whole.at_end());
  }

  void refusesLengthsBeyondTheInput() {
    const unsigned char lies[][5] = {{0xdd, 0xff, 0xff, 0xff, 0xff},
                                     {0xdf, 0xff, 0xff, 0xff, 0xff},
                                     {0xdb, 0xff, 0xff, 0xff, 0xff},
                                     {0xc6, 0xff, 0xff, 0xff, 0xff},
                                     {0xc9, 0xff, 0xff, 0xff, 0xff}};
    for (const auto& lie : lies) {
      reader r{std::as_bytes(std::span{lie})};
      QVERIFY(!r.skip());
    }
  }

  void limitsNesting() {
    const auto deepest = nested_arrays(reader::nesting_max);
    reader fits{deepest.view()};
    QVERIFY(fits.skip() && fits.at_end());
    const auto too_deep = nested_arrays(reader::nesting_max + 1);
    reader refused{too_deep.view()};
    QVERIFY(!refused.skip());
  }

  void givesTheBytesOfOneValue() {
    const auto out = written([](writer& w) { w.array(2), w.integer(1), w.string("x"), w.nil(); });
    reader r{out.view()};
    bytes_view first;
    QVERIFY(r.raw(first));
    QCOMPARE(hex(first), std::string{"9201a178"});
    QVERIFY(r.take_nil() && r.at_end());
  }
};

QTEST_APPLESS_MAIN(msgpack_test)
#include "msgpack_test.moc"
