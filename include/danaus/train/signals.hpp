#pragma once

#include <csignal>

namespace danaus::train {

/// While one exists, the first SIGINT or SIGTERM is only noted, so that the loop can checkpoint and stop; the
/// second one has its default effect. One at a time.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  /// 0, or the signal that arrived.
  int signal() const;

 private:
  struct sigaction before_interrupt_, before_terminate_;
};

}  // namespace danaus::train
