#include "verbs.hpp"

#include <common/program.hpp>

int main(int argc, char** argv) {
  using namespace danaus::app;
  const Program program{
      "danaus-pde",
      "learn the solution operator of a partial differential equation",
      {generate_verb(), train_verb(), eval_verb(), predict_verb(), sparsify_verb(), densify_verb(),
       info_verb(), check_verb()},
      "first steps:\n"
      "  danaus-pde generate --problem navier-stokes --nu 1e-3 --samples 240 --out data/ns.h5\n"
      "  danaus-pde train --data data/ns.h5 --model monarch-no --epochs 30 --out runs/ns\n"
      "  danaus-pde eval --run runs/ns --report runs/ns/eval.html\n"};
  return run_program(program, argc, argv);
}
