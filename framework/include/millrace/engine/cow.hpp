#pragma once

#include <atomic>
#include <utility>

namespace millrace::engine {

/// A value shared by copies until one of them writes. Copying is one atomic increment, which keeps cloning a state page
/// cheap when its rows hold long lists. Thread: each copy has one owner; copies may live in different threads.
template <class T>
class cow {
public:
  cow() = default;
  cow(const cow& other) noexcept : node_{other.node_} {
    if (node_ != nullptr) node_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  cow(cow&& other) noexcept : node_{std::exchange(other.node_, nullptr)} {}
  cow& operator=(cow other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~cow() {
    if (node_ != nullptr && node_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) delete node_;
  }

  [[nodiscard]] const T& read() const noexcept {
    static const T empty{};
    return node_ == nullptr ? empty : node_->value;
  }
  [[nodiscard]] T& write() {
    if (node_ == nullptr) {
      node_ = new node{};
    } else if (node_->refs.load(std::memory_order_acquire) != 1) {
      cow copy;
      copy.node_ = new node{{1}, node_->value};
      std::swap(node_, copy.node_);
    }
    return node_->value;
  }

private:
  struct node {
    std::atomic<unsigned> refs{1};
    T value{};
  };
  node* node_ = nullptr;
};

}  // namespace millrace::engine
