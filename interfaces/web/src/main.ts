import { mount } from "svelte";
import "../../../autoclip/report/tokens.css";
import "./style/base.css";
import App from "./shell/App.svelte";

const target = document.getElementById("app");
if (target) mount(App, { target });
