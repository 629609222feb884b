# Two commands do everything on a fresh machine: `make demo` runs the main job, `make test` runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

PEERS := .venv-peers
LEARN := .venv-learn
READERS := .venv-readers
MUTANTS := .venv-mutants
SITE := .venv-site
NEXT := .venv-next
IMAGES ?= []

.PHONY: demo test test-slow notebooks mutants kept verdicts lint bench peers tools conformance readers beside policy hub learn policies policy-pictures site drift drift-corpus drift-next clean

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,notebooks,export,locate,policy]"
	@touch $@

demo: $(VENV)/ready  ## record demonstrations, break copies of some, judge all of them, compare what was injected with what was found
	$(BIN)/python benchmarks/demo.py demo-out

test: $(VENV)/ready  ## the default suite, within 8 minutes on two idle cores
	$(BIN)/python -m pytest tests -n 2 --dist worksteal -m "not slow and not costly"

part ?= 1/1
test-slow: $(VENV)/ready  ## what takes longer, in parts (part=1/4); what is green for these bytes is not run again (again=true: all of it)
	$(BIN)/python -m pytest tests -n 2 --dist worksteal -m "slow or costly" --part $(part) $(if $(again),,--unfinished)

NOTEBOOKS := $(filter-out notebooks/behaviour_cloning.ipynb,$(wildcard notebooks/*.ipynb))
notebooks: $(VENV)/ready  ## the eight notebooks, each executed; keep=true keeps their outputs, small
	$(if $(keep),$(BIN)/python .ci/notebook.py keep $(NOTEBOOKS),$(BIN)/python -m pytest --nbmake --nbmake-timeout=600 $(NOTEBOOKS))

$(MUTANTS)/ready: .ci/mutants.txt
	$(PYTHON) -m venv $(MUTANTS)
	$(MUTANTS)/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/mutants.txt
	@touch $@

room ?= replay/edits
count ?= 20
seed ?= 0
mutants: $(VENV)/ready $(MUTANTS)/ready  ## small breaks put into a room, and whether its tests notice (room=replay/edits count=20 seed=0)
	$(MUTANTS)/bin/python benchmarks/mutants.py room=$(room) count=$(count) seed=$(seed)

kept: $(VENV)/ready  ## the kept take of each scenario and variant against today: physics and judge
	$(BIN)/python benchmarks/kept.py compare

corpus ?=
drift: $(VENV)/ready  ## the kept takes under the pinned engine: nothing may flip; the report is build/drift/drift.md (corpus=build/corpus: those)
	$(BIN)/python -m shiliu drift corpus=$(or $(corpus),null) out=build/drift

takes ?= 10
scenarios ?= $(filter-out bare,$(patsubst conf/scenario/%.yaml,%,$(wildcard conf/scenario/*.yaml)))
drift-corpus: $(VENV)/ready  ## ten takes of each scenario, kept in build/corpus for `make drift-next corpus=build/corpus`; goes on where it was stopped (takes=2 scenarios=microwave: fewer)
	for one in $(scenarios); do \
		set=build/corpus-sets/$$one/from_9000; \
		[ -d $$set ] || $(BIN)/python -m shiliu record scenario=$$one episodes=$(takes) seed=9000 out=$$set quiet=true; \
		$(BIN)/python -m shiliu drift corpus=build/corpus data=$$set || exit 1; \
	done

$(NEXT)/ready: .ci/next.txt constraints.txt
	$(PYTHON) -m venv $(NEXT)
	grep -v -i -E '^(mujoco|dm_control|mink)==' constraints.txt > $(NEXT)/others.txt
	$(NEXT)/bin/python -m pip install --quiet --disable-pip-version-check -c $(NEXT)/others.txt -r .ci/next.txt
	$(NEXT)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps mink==1.3.0
	@touch $@

# the package is found by its link: installing it would bring the pinned engine
drift-next: $(NEXT)/ready  ## the same under mujoco 4.0.0, in an environment of its own; it is expected to differ: 1 and 3 are no failure
	@mkdir -p .types && ln -sfn .. .types/shiliu
	PYTHONPATH=.types $(NEXT)/bin/python -m shiliu drift corpus=$(or $(corpus),null) out=build/drift-next ; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 1 ] || [ $$code -eq 3 ]

verdicts: $(VENV)/ready  ## where the judge was changed on purpose: keep its verdicts of today, and print what changed
	$(BIN)/python benchmarks/kept.py make update=verdict

lint: $(VENV)/ready  ## style and types
	$(BIN)/python -m ruff check .
	@mkdir -p .types && ln -sfn .. .types/shiliu
	MYPYPATH=.types $(BIN)/python -m mypy -p shiliu

bench: $(VENV)/ready  ## speed as ratios to the bare engine
	$(BIN)/python -m shiliu bench scenario=microwave

$(LEARN)/ready: .ci/learn.txt pyproject.toml constraints.txt
	$(PYTHON) -m venv $(LEARN)
	$(LEARN)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,notebooks,export,locate]"
	$(LEARN)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r .ci/learn.txt
	@touch $@

tools: $(LEARN)/ready  ## Stable-Baselines3, Minari's collector and video recording on our environments
	$(LEARN)/bin/python -m pytest tests/envs/test_env_tools.py tests/test_notebooks.py

learn: $(LEARN)/ready  ## behaviour cloning in full: 80 demonstrations, 10000 steps of training, 50 unseen draws, the control, and what the judge is worth to it
	rm -rf build/learn build/regained
	$(LEARN)/bin/python -m shiliu record scenario=microwave episodes=40 seed=300 out=build/learn
	$(LEARN)/bin/python -m shiliu record scenario=microwave episodes=40 seed=400 out=build/learn append=true
	CLONING_DEMOS=$(CURDIR)/build/learn CLONING_STEPS=10000 CLONING_COPIES=50 CLONING_SECONDS=30 \
		$(LEARN)/bin/python .ci/notebook.py notebooks/behaviour_cloning.ipynb
	$(LEARN)/bin/python benchmarks/policy_regained.py data=build/learn out=build/regained

minutes ?= 0
policies: $(LEARN)/ready  ## policies in six scenarios beside operator and floors; what is there is not made again (minutes=60: stops after an hour)
	OMP_NUM_THREADS=1 $(LEARN)/bin/python benchmarks/policies.py out=build/policies minutes=$(minutes) markdown=build/policies/table.md

policy-pictures: $(LEARN)/ready  ## an ACT from pictures, tried in 50 unseen starts: nine minutes with a GPU (OpenGL through EGL, torch of its own), hours without
	$(LEARN)/bin/python benchmarks/policies_from_pictures.py out=build/pictures

$(PEERS)/ready: .ci/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/peers.txt
	@touch $@

peers: $(VENV)/ready $(PEERS)/ready  ## what a step costs over the engine, in ours and in other suites
	$(BIN)/python benchmarks/peers.py

# lerobot=0.4 (the pinned line) or lerobot=0.6, which needs Python 3.12; each in an environment of its own
lerobot ?= 0.4
python ?= $(if $(filter 0.4,$(lerobot)),$(PYTHON),python3.12)
LEROBOT := .venv-lerobot-$(lerobot)

$(LEROBOT)/ready: .ci/lerobot-$(lerobot).txt
	$(python) -m venv $(LEROBOT)
	$(LEROBOT)/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/lerobot-$(lerobot).txt
	$(if $(filter 0.4,$(lerobot)),$(LEROBOT)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps lerobot==0.4.4 torchvision==0.28.0)
	@touch $@

# IMAGES=[head] records pictures too, where OpenGL is there
conformance: $(VENV)/ready $(LEROBOT)/ready  ## the real lerobot reads a set that was recorded, added to, and described
	rm -rf build/conformance build/conformance-true build/conformance-language
	$(BIN)/python -m shiliu record scenario=microwave episodes=1 seed=1 out=build/conformance images=$(IMAGES) metadata=.ci/metadata.yaml
	$(BIN)/python -m shiliu record scenario=microwave episodes=1 seed=2 out=build/conformance images=$(IMAGES) append=true
	$(BIN)/python -m shiliu export data=build/conformance to=lerobot out=build/conformance-true plain=true subtasks=true images=$(IMAGES) quiet=true
	$(BIN)/python -m shiliu export data=build/conformance to=lerobot out=build/conformance-language plain=true subtasks=language images=$(IMAGES) quiet=true
	HF_HUB_OFFLINE=1 $(LEROBOT)/bin/python .ci/lerobot_conformance.py build/conformance
	HF_HUB_OFFLINE=1 $(LEROBOT)/bin/python .ci/lerobot_conformance.py build/conformance-$(if $(filter 0.4,$(lerobot)),true,language) build/conformance-true

$(READERS)/ready: .ci/readers.txt
$(READERS)/beside: .ci/beside.txt
$(READERS)/ready $(READERS)/beside:
	for line in $$(grep -v '^#' $<); do \
		tool=$(READERS)/$$(echo $$line | sed 's/[=[].*//'); \
		$(PYTHON) -m venv $$tool && $$tool/bin/python -m pip install --quiet --disable-pip-version-check "$$line" || exit 1; \
	done
	@touch $@

# IMAGES=[head] has sets with pictures, where OpenGL is there
readers: $(VENV)/ready $(READERS)/ready  ## rdq, lerobot-doctor and physlint read sets that were recorded, added to, exported and imported
	rm -rf build/readers
	$(BIN)/python -m shiliu record scenario=microwave episodes=1 seed=1 out=build/readers/recorded images=$(IMAGES)
	$(BIN)/python -m shiliu record scenario=microwave episodes=1 seed=2 out=build/readers/recorded images=$(IMAGES) append=true
	$(BIN)/python -m shiliu export data=build/readers/recorded to=lerobot out=build/readers/exported images=$(IMAGES)
	$(BIN)/python -m shiliu export data=build/readers/recorded to=rosbag out=build/readers/bags images=$(IMAGES)
	$(BIN)/python -m shiliu import data=build/readers/bags out=build/readers/imported
	$(BIN)/python .ci/readers.py $(READERS) build/readers/recorded build/readers/exported build/readers/imported

beside: $(VENV)/ready $(READERS)/ready $(READERS)/beside  ## the judge beside other tools, on the same clean and faulty sets
	rm -rf build/beside
	$(BIN)/python -m shiliu record scenario=table_setting episodes=8 seed=500 out=build/beside/table_setting
	HF_HUB_OFFLINE=1 $(BIN)/python benchmarks/other_tools.py data=build/beside/table_setting tools=$(READERS) out=build/beside/lines.jsonl

# the 0.6 line keeps these below what is pinned here
$(LEROBOT)/policy: $(LEROBOT)/ready pyproject.toml constraints.txt
	grep -v -i -E '^($(if $(filter 0.4,$(lerobot)),,numpy|pillow|packaging|pandas|fsspec))==' constraints.txt > $(LEROBOT)/constraints.txt
	$(LEROBOT)/bin/python -m pip install --quiet --disable-pip-version-check -c $(LEROBOT)/constraints.txt -e .
	@touch $@

policy: $(LEROBOT)/policy  ## the stock lerobot trains on a recorded set, and its policy acts in the environment
	rm -rf build/policy
	$(LEROBOT)/bin/python -m shiliu record scenario=microwave episodes=2 seed=1 out=build/policy/demos
	HF_HUB_OFFLINE=1 $(LEROBOT)/bin/python .ci/lerobot_policy.py build/policy/demos build/policy/run

hub: $(LEROBOT)/policy  ## lerobot-train on a recorded set, lerobot-eval through the EnvHub entry, by their own command lines
	rm -rf build/hub
	$(LEROBOT)/bin/python -m shiliu record scenario=table_setting episodes=2 seed=1 out=build/hub/demos
	HF_HUB_OFFLINE=1 $(LEROBOT)/bin/python .ci/lerobot_command.py lerobot_train --dataset.repo_id=local/hub --dataset.root=build/hub/demos --policy.type=act --policy.device=cpu --policy.push_to_hub=false --policy.chunk_size=20 --policy.n_action_steps=20 --policy.dim_model=64 --policy.n_heads=4 --policy.use_vae=false --output_dir=build/hub/run --steps=100 --batch_size=16 --num_workers=0 --save_freq=100
	HF_HUB_OFFLINE=1 PYTHONPATH=docs/examples/envhub $(LEROBOT)/bin/python .ci/lerobot_command.py lerobot_eval --policy.path=build/hub/run/checkpoints/last/pretrained_model --policy.device=cpu --env.discover_packages_path=shiliu_lerobot --env.type=shiliu --env.task=table_setting.taken --eval.n_episodes=2 --eval.batch_size=2 --output_dir=build/hub/eval

$(SITE)/ready: .ci/site.txt
	$(PYTHON) -m venv $(SITE)
	$(SITE)/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/site.txt
	@touch $@

# pictures are drawn once for the same bytes; the first time takes some 20 minutes of one core without a GPU
site: $(VENV)/ready $(SITE)/ready  ## the documentation: build/site/site/index.html, built strictly; it loads nothing from elsewhere
	$(BIN)/python docs/scene_pictures.py
	$(BIN)/python docs/parts.py pictures
	$(BIN)/python docs/website.py build/site
	cd build/site && ../../$(SITE)/bin/zensical build --strict
	$(BIN)/python docs/finished_site.py build/site build/site/site

clean:
	rm -rf $(VENV) $(SITE) $(READERS) .venv-lerobot-* $(PEERS) $(LEARN) $(NEXT) .types demo-out build *.egg-info
