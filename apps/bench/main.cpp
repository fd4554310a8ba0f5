#include "verbs.hpp"

int main(int argc, char** argv) {
  using namespace danaus::app;
  const Program program{"danaus-bench",
                        "time the operations of Danaus on this machine",
                        {bench_train_verb()},
                        "first steps:\n"
                        "  danaus-bench train --model fno,monarch-no --json\n"};
  return run_program(program, argc, argv);
}
