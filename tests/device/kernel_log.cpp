// A Kokkos tool: writes the label of each kernel, once, with the kind of device it ran on. CTest loads it
// into every test program (KOKKOS_TOOLS_LIBS); the test `device` then knows which kernels the tests of this
// build launched.

#include <impl/Kokkos_Profiling_C_Interface.h>

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <set>
#include <string>

namespace {

class KernelLog {
 public:
  void add(const char* label, std::uint32_t device) {
    const std::string name(label);
    if (name.rfind("danaus::", 0) != 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string line = (on_gpu(device) ? "gpu " : "cpu ") + name;
    // Written at once: a test may end its process without ceremony.
    if (seen_.insert(line).second && file()) file_ << line << std::endl;
  }

 private:
  static bool on_gpu(std::uint32_t device) {
    const std::uint32_t type = device >> (instance_bits + device_bits);
    return type == 2;  // Kokkos::Tools::Experimental::DeviceType::Cuda
  }

  bool file() {
    const char* prefix = std::getenv("DANAUS_KERNEL_LOG");
    if (prefix && !file_.is_open()) file_.open(std::string(prefix) + "." + std::to_string(getpid()));
    return file_.is_open();
  }

  static constexpr int device_bits = 7;
  static constexpr int instance_bits = 17;
  std::mutex mutex_;
  std::set<std::string> seen_;
  std::ofstream file_;
};

KernelLog& log() {
  static KernelLog instance;
  return instance;
}

}  // namespace

extern "C" {

void kokkosp_request_tool_settings(const std::uint32_t, Kokkos_Tools_ToolSettings* settings) {
  settings->requires_global_fencing = false;
}
void kokkosp_begin_parallel_for(const char* label, const std::uint32_t device, std::uint64_t*) {
  log().add(label, device);
}
void kokkosp_begin_parallel_reduce(const char* label, const std::uint32_t device, std::uint64_t*) {
  log().add(label, device);
}
void kokkosp_begin_parallel_scan(const char* label, const std::uint32_t device, std::uint64_t*) {
  log().add(label, device);
}
}
