#include "library/sinks/prometheus_sink.hpp"

#include <stdexcept>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

std::optional<http_answer> prometheus_sink::page::on_head(const http_head& head) {
  if (head.path != "/metrics") return http_refusal(404, "there is nothing here; see /metrics");
  if (head.method == "GET" || head.method == "HEAD") return std::nullopt;
  auto out = http_refusal(405, "only GET is answered here");
  out.headers.emplace_back("Allow", "GET");
  return out;
}

std::optional<http_answer> prometheus_sink::page::on_request(const http_head&, std::string, const http_reply&) {
  http_answer out;
  out.body = table_->text();
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return out;
}

prometheus_sink::~prometheus_sink() {
  server_.stop();
}

result<void> prometheus_sink::configure(wiring& w) {
  auto at = parse_listen_address(*listen_, "listen");
  if (!at) return at.error();
  at_ = *at;
  if (!is_metric_name(*metric_, false)) {
    return user_error(errc::invalid_argument, "parameter 'metric': '" + *metric_ +
                                                  "' is no name of a metric; take letters, digits, '_' and ':', not a "
                                                  "digit first");
  }
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto value = find_number(type->schema(), *value_, "value");
  if (!value) return value.error();
  value_index_ = *value;
  label_indexes_.clear();
  for (const auto& name : split_list(*labels_, ',')) {
    const auto index = find_field(type->schema(), name, "labels");
    if (!index) return index.error();
    if (!is_metric_name(name, true)) {
      return user_error(errc::invalid_argument, "parameter 'labels': '" + name +
                                                    "' is no name of a label; rename the field before, with "
                                                    "millrace.select");
    }
    label_indexes_.push_back(*index);
  }
  return {};
}

void prometheus_sink::open(context& c) {
  auto at = at_;
  if (at.port != 0) at.port = static_cast<std::uint16_t>(at.port + c.partition());
  table_ = std::make_unique<gauge_table>(*metric_, *text_, static_cast<std::size_t>(*series_max_));
  page_ = std::make_unique<page>(*table_);
  http_limits limits;
  limits.body_bytes = 0;
  if (auto ok = server_.start(at, limits, *page_); !ok) throw std::runtime_error(ok.error().message);
  is_open_ = true;
  c.log(log_level::info, "shows " + *metric_ + " at http://" + server_.address().text() + "/metrics");
}

void prometheus_sink::close(context&) {
  server_.stop();
}

void prometheus_sink::on_record(context&, const record_view& record) {
  std::string labels;
  std::string text;
  for (const auto i : label_indexes_) {
    const auto& f = record.schema().fields[i];
    text.clear();
    append_text(text, f.type, record.field(i), time_format::iso);
    append_label(labels, f.name, text);
  }
  table_->set(labels, number_of(record.field(value_index_)));
}

}  // namespace millrace::library
