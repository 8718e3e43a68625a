// What a node that leads a topology and its guests tell each other, from a peer that has gone wrong: no crash, no
// runaway memory; a message that is read is the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "runtime/remote/fault_wire.hpp"
#include "runtime/remote/span_report.hpp"
#include "runtime/remote/state_wire.hpp"
#include "runtime/remote/status_report.hpp"
#include "runtime/remote/wire.hpp"

using namespace millrace;
namespace remote = millrace::runtime::remote;

namespace {

[[noreturn]] void finding(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

template <class Message>
void look(const remote::envelope& e) {
  const auto read = remote::read_as<Message>(e);
  if (!read) {
    if (read.error().message.empty()) finding("a message is refused without a reason");
    return;
  }
  const auto once = remote::to_bytes(e.head.instance, e.head.incarnation, *read);
  const auto opened = remote::open_envelope(once.view());
  if (!opened) finding("a message that was written cannot be opened");
  const auto again = remote::read_as<Message>(*opened);
  if (!again) finding("a message that was written cannot be read");
  const auto twice = remote::to_bytes(e.head.instance, e.head.incarnation, *again);
  if (as_text(once.view()) != as_text(twice.view())) finding("a message reads as another one when it is written again");
}

template <class... Messages>
void look_as_each(const remote::envelope& e) {
  (look<Messages>(e), ...);
}

/// What either side makes of what it was told.
void take(const remote::envelope& e) {
  if (const auto report = remote::read_as<remote::status_report>(e)) {
    for (const auto& row : report->tasks) {
      runtime::task_status status;
      remote::read_into(status, row);
    }
    for (const auto& row : report->channels) {
      runtime::channel_status status;
      remote::read_into(status, row);
    }
  }
  constexpr std::size_t tasks = 8;
  if (const auto spans = remote::read_as<remote::span_report>(e)) (void)remote::from_wire(spans->spans, tasks);
  if (const auto fault = remote::read_as<remote::fault_message>(e)) (void)remote::from_wire(*fault);
  if (auto question = remote::read_as<remote::state_question>(e)) (void)remote::from_wire(*std::move(question));
  if (auto reply = remote::read_as<remote::state_reply>(e)) (void)remote::from_wire(*std::move(reply));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto e = remote::open_envelope({reinterpret_cast<const std::byte*>(data), size});
  if (!e) {
    if (e.error().message.empty()) finding("a message is refused without a reason");
    return 0;
  }
  look_as_each<remote::host_request, remote::hosted_answer, remote::restore_pages, remote::restore_request,
               remote::open_epoch, remote::opened_answer, remote::barrier_request, remote::epoch_over,
               remote::replays_offer, remote::close_request, remote::release_request, remote::steer_request,
               remote::look_request, remote::look_answer, remote::part_pages, remote::part_report,
               remote::refusal_report, remote::snapshot_wish, remote::ended_report, remote::failure_report,
               remote::gone_report, remote::loss_report, remote::log_line, remote::status_report, remote::span_report,
               remote::fault_message, remote::fault_report_message, remote::state_question, remote::state_reply>(*e);
  take(*e);
  return 0;
}
