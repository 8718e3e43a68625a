#pragma once

#include <string>
#include <vector>

#include "millrace/port.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Two streams become one, field by field of the same name. Fields that only one of them has are left out, or stay and
/// are null for the other. Streams with the same fields need no union: an input takes several.
class union_of final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  struct side {
    std::string name;
    std::vector<std::uint32_t> targets;  ///< of each field that arrives; `nowhere`: left out
  };
  static constexpr auto nowhere = ~std::uint32_t{0};

  void on_a(context&, const record_view& record) { pass(a_side_, record); }
  void on_b(context&, const record_view& record) { pass(b_side_, record); }
  void pass(const side& from, const record_view& record);
  [[nodiscard]] result<schema> made_of(const schema& a, const schema& b) const;

  in<record_view> a_{this, "a", &union_of::on_a};
  in<record_view> b_{this, "b", &union_of::on_b};
  out<record_view> out_{this, "out"};
  param<std::string> fields_{this,
                             "fields",
                             "all",
                             {.choices = {"all", "common"},
                              .help = "all: fields that one input lacks are null for its events; common: they go."}};
  param<std::string> source_{
      this, "source", "", {.help = "A field to add that says which input an event came by; left out: none."}};
  param<std::string> a_name_{this, "a_name", "a", {.help = "What that field says of events of input 'a'."}};
  param<std::string> b_name_{this, "b_name", "b", {.help = "What that field says of events of input 'b'."}};

  side a_side_;
  side b_side_;
};

}  // namespace millrace::library
