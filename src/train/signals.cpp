#include <danaus/train/signals.hpp>

namespace danaus::train {

namespace {

// A signal handler can reach nothing but a variable of static storage.
volatile std::sig_atomic_t arrived = 0;

extern "C" void note_signal(int number) {
  arrived = number;
  // Whichever of the two comes next ends the process.
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

SignalGuard::SignalGuard() {
  arrived = 0;
  struct sigaction action = {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &before_interrupt_);
  sigaction(SIGTERM, &action, &before_terminate_);
}

SignalGuard::~SignalGuard() {
  sigaction(SIGINT, &before_interrupt_, nullptr);
  sigaction(SIGTERM, &before_terminate_, nullptr);
}

int SignalGuard::signal() const { return arrived; }

}  // namespace danaus::train
