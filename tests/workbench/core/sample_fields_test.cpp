#include "core/sample_fields.hpp"

#include <QTest>
#include <nlohmann/json.hpp>

namespace millrace::workbench {
namespace {

using nlohmann::json;

// Outside of the class, whose quotes moc 6.4 stumbles over.
const std::vector<json> mixed{{{"amount", 1}, {"name", "a"}, {"ok", true}}, {{"amount", 2.5}, {"name", nullptr}}};
const char* const mixedFields = "amount:float64,name:string?,ok:bool?";
const std::vector<json> nested{{{"inner", json::array()}, {"n", 1}}};

}  // namespace

class SampleFieldsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void typesFitAllRecords() { QCOMPARE(fieldsOf(mixed), std::string{mixedFields}); }
  void whatIsNoPlainValueIsLeftOut() { QCOMPARE(fieldsOf(nested), std::string{"n:int64"}); }
  void ofNothingIsNothing() { QCOMPARE(fieldsOf({}), std::string{}); }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::SampleFieldsTest)
#include "sample_fields_test.moc"
